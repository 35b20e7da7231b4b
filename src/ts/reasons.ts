// ONE table of MQTT reason codes: the name, and what a user can do about it.

interface Reason {
  readonly name: string;
  readonly hint: string;
}

const ASK_BROKER = "Look into the broker's log";
const RIGHTS = "Give this user the right to do it in the broker's access rules";

/** MQTT 5.0, section 2.4. */
const V5: Readonly<Record<number, Reason>> = {
  0: { name: "Success", hint: "Nothing is wrong" },
  1: { name: "Granted QoS 1", hint: "Nothing is wrong" },
  2: { name: "Granted QoS 2", hint: "Nothing is wrong" },
  4: { name: "Disconnect with will message", hint: "Nothing is wrong" },
  16: { name: "No matching subscribers", hint: "Nobody listens to this topic now" },
  17: { name: "No subscription existed", hint: "The broker had already forgotten the subscription" },
  24: { name: "Continue authentication", hint: "The broker uses enhanced authentication" },
  25: { name: "Re-authenticate", hint: "The broker uses enhanced authentication" },
  128: { name: "Unspecified error", hint: ASK_BROKER },
  129: { name: "Malformed packet", hint: "One side broke the wire format; with the option `trace` the packets can be seen" },
  130: { name: "Protocol error", hint: "One side broke the rules of MQTT; with the option `trace` the packets can be seen" },
  131: { name: "Implementation specific error", hint: ASK_BROKER },
  132: { name: "Unsupported protocol version", hint: 'Leave the option `protocol` out, or set it to "3.1.1"' },
  133: { name: "Client identifier not valid", hint: "Choose another `clientId`, or leave it out to get one" },
  134: { name: "Bad user name or password", hint: "Check what `credentials` gives" },
  135: { name: "Not authorized", hint: RIGHTS },
  136: { name: "Server unavailable", hint: "The broker is not ready; it is tried again" },
  137: { name: "Server busy", hint: "The broker has too much to do; it is tried again later" },
  138: { name: "Banned", hint: "The broker's administrator has banned this client" },
  139: { name: "Server shutting down", hint: "The broker is restarting; it is tried again" },
  140: { name: "Bad authentication method", hint: "Check `authentication.method`; the broker does not take it" },
  141: { name: "Keep alive timeout", hint: "The broker heard nothing for too long; check the network, or raise `keepAlive`" },
  142: {
    name: "Session taken over",
    hint: "Another client connected with the same `clientId`; give each its own, or leave it out",
  },
  143: { name: "Topic filter invalid", hint: "The broker does not take this filter" },
  144: { name: "Topic name invalid", hint: "The broker does not take this topic" },
  145: { name: "Packet identifier in use", hint: "The broker's session and this one disagree; start with `session: { cleanStart: true }`" },
  146: { name: "Packet identifier not found", hint: "The broker's session and this one disagree; messages may have been lost" },
  147: { name: "Receive maximum exceeded", hint: "More messages were sent at once than allowed" },
  148: { name: "Topic alias invalid", hint: "Set the option `outboundTopicAliases` to false" },
  149: { name: "Packet too large", hint: "Send less in one message, or raise the limit (`maximumPacketSize` here, or the broker's)" },
  150: { name: "Message rate too high", hint: "Publish less often" },
  151: { name: "Quota exceeded", hint: "A limit of the broker is reached; look into its configuration" },
  152: { name: "Administrative action", hint: "The broker's administrator closed the connection" },
  153: { name: "Payload format invalid", hint: 'The payload is not UTF-8 although `payloadFormat` says "text"' },
  154: { name: "Retain not supported", hint: "Publish without `retain`" },
  155: { name: "QoS not supported", hint: "Use a lower `qos`" },
  156: {
    name: "Use another server",
    hint: 'The broker wants its clients at `serverReference`; the client goes there unless the option `redirect` is "report"',
  },
  157: {
    name: "Server moved",
    hint: 'The broker is at `serverReference` from now on; the client goes there unless the option `redirect` is "report"',
  },
  158: { name: "Shared subscriptions not supported", hint: "Subscribe without $share" },
  159: { name: "Connection rate exceeded", hint: "Too many clients connect at once; it is tried again later" },
  160: { name: "Maximum connect time", hint: "The broker allows a connection only for so long; it is opened again" },
  161: { name: "Subscription identifiers not supported", hint: "The broker announced them all the same: look into its log" },
  162: { name: "Wildcard subscriptions not supported", hint: "Subscribe without + and #" },
};

/** MQTT 3.1.1, section 3.2.2.3: the return codes of CONNACK. */
const V311_CONNACK: Readonly<Record<number, Reason>> = {
  1: { name: "Unacceptable protocol version", hint: "The broker does not speak MQTT 3.1.1" },
  2: { name: "Identifier rejected", hint: "Choose another `clientId`, or leave it out to get one" },
  3: { name: "Server unavailable", hint: "The broker is not ready; it is tried again" },
  4: { name: "Bad user name or password", hint: "Check what `credentials` gives" },
  5: { name: "Not authorized", hint: "Check what `credentials` gives, and the broker's access rules" },
};

/**
 * The standard's name of a reason code. An unknown code gives its number in hexadecimal.
 *
 * @example
 * reasonName(0x87); // "Not authorized"
 */
export function reasonName(code: number): string {
  return V5[code]?.name ?? `Reason code 0x${code.toString(16).padStart(2, "0")}`;
}

/** What to do about a reason code, one sentence without its full stop. */
export function reasonHint(code: number): string {
  return V5[code]?.hint ?? ASK_BROKER;
}

/**
 * Name and hint of the code in a CONNACK that refuses. 1 to 5 are the return codes of 3.1.1: 5.0 has no such codes here,
 * so one table serves both versions (a 3.1.1 broker answers a 5.0 CONNECT with return code 1).
 */
export function refusal(code: number): { readonly name: string; readonly hint: string } {
  return V311_CONNACK[code] ?? { name: reasonName(code), hint: reasonHint(code) };
}
