// ONE table of MQTT reason codes: the name, and what a user can do about it.

/** The name, and what a user can do about it; without that, only the broker knows. */
type Reason = readonly [name: string, hint?: string];

const ASK_BROKER = "Look into the broker's log";
const AGAIN = "It is tried again";
const CLIENT_ID = "Choose another `clientId`, or leave it out to get one";
const CREDENTIALS = "Check what `credentials` gives";
const ADMINISTRATOR = "Ask the broker's administrator";
const REDIRECTED = 'The client goes to `serverReference` unless the option `redirect` is "report"';

/** MQTT 5.0, section 2.4. */
const V5: Readonly<Record<number, Reason>> = {
  0: ["Success"],
  1: ["Granted QoS 1"],
  2: ["Granted QoS 2"],
  4: ["Disconnect with will message"],
  16: ["No matching subscribers"],
  17: ["No subscription existed"],
  24: ["Continue authentication"],
  25: ["Re-authenticate"],
  128: ["Unspecified error"],
  129: ["Malformed packet", "The option `trace` shows the packets"],
  130: ["Protocol error", "The option `trace` shows the packets"],
  131: ["Implementation specific error"],
  132: ["Unsupported protocol version", 'Leave the option `protocol` out, or set it to "3.1.1"'],
  133: ["Client identifier not valid", CLIENT_ID],
  134: ["Bad user name or password", CREDENTIALS],
  135: ["Not authorized", "Check the broker's access rules"],
  136: ["Server unavailable", AGAIN],
  137: ["Server busy", AGAIN],
  138: ["Banned", ADMINISTRATOR],
  139: ["Server shutting down", AGAIN],
  140: ["Bad authentication method", "Check `authentication.method`"],
  141: ["Keep alive timeout", "Check the network, or raise `keepAlive`"],
  142: ["Session taken over", "Another client connected with the same `clientId`; give each its own, or leave it out"],
  143: ["Topic filter invalid"],
  144: ["Topic name invalid"],
  145: ["Packet identifier in use", "Start with `session: { cleanStart: true }`"],
  146: ["Packet identifier not found", "Messages may have been lost"],
  147: ["Receive maximum exceeded"],
  148: ["Topic alias invalid", "Set the option `outboundTopicAliases` to false"],
  149: ["Packet too large", "Send less in one message: `client.status.limits.maximumPacketSize` is what the broker takes"],
  150: ["Message rate too high", "Publish less often"],
  151: ["Quota exceeded", "Look into the broker's configuration"],
  152: ["Administrative action", ADMINISTRATOR],
  153: ["Payload format invalid", 'The payload is not UTF-8 although `payloadFormat` says "text"'],
  154: ["Retain not supported", "Publish without `retain`"],
  155: ["QoS not supported", "Use a lower `qos`: `client.status.limits.maximumQos` is the highest"],
  156: ["Use another server", REDIRECTED],
  157: ["Server moved", REDIRECTED],
  158: ["Shared subscriptions not supported", "Subscribe without $share"],
  159: ["Connection rate exceeded", AGAIN],
  160: ["Maximum connect time", AGAIN],
  161: ["Subscription identifiers not supported"],
  162: ["Wildcard subscriptions not supported", "Subscribe without + and #"],
};

/** MQTT 3.1.1, section 3.2.2.3: the return codes of CONNACK. */
const V311_CONNACK: Readonly<Record<number, Reason>> = {
  1: ["Unacceptable protocol version", "The broker does not speak MQTT 3.1.1"],
  2: ["Identifier rejected", CLIENT_ID],
  3: ["Server unavailable", AGAIN],
  4: ["Bad user name or password", CREDENTIALS],
  5: ["Not authorized", `${CREDENTIALS}, and the broker's access rules`],
};

/**
 * The standard's name of a reason code. An unknown code gives its number in hexadecimal.
 *
 * @example
 * reasonName(0x87); // "Not authorized"
 */
export function reasonName(code: number): string {
  return V5[code]?.[0] ?? `Reason code 0x${code.toString(16).padStart(2, "0")}`;
}

/** What to do about a reason code, one sentence without its full stop. */
export function reasonHint(code: number): string {
  return V5[code]?.[1] ?? ASK_BROKER;
}

/**
 * Name and hint of the code in a CONNACK that refuses. 1 to 5 are the return codes of 3.1.1: 5.0 has no such codes here,
 * so one table serves both versions (a 3.1.1 broker answers a 5.0 CONNECT with return code 1).
 */
export function refusal(code: number): { readonly name: string; readonly hint: string } {
  const [name, hint] = V311_CONNACK[code] ?? [reasonName(code), reasonHint(code)];
  return { name, hint: hint ?? ASK_BROKER };
}
