// Faults of brokers that only change what a case has to expect: the case meets the fault, says so, and checks what is left.

/** @type {Record<string, Record<string, string>>} */
export const FAULTS = {
  embedded: {
    namesTheSender: "adds the user property x-mqtt-client-id to messages it passes on",
    resendsUnderNewIds:
      "sends unacknowledged messages again under new identifiers, so that QoS 2 repeats them, and forgets some when it is cut off often",
    pubcompIn311: "answers a repeated PUBREL of a 3.1.1 client with a PUBCOMP in 5.0 form (reason 0x92), which is malformed there",
    disconnectIn311: "sends a 5.0 DISCONNECT to a 3.1.1 client at take-over: it reads as a protocol error, not as a bare close",
  },
  mosquitto: {
    silentTakeOver: "closes the earlier of two clients with one id without the DISCONNECT 0x8E that 5.0 wants",
  },
  ejabberd: {
    oneAtATime: "sends the next message of QoS 1 or 2 only when the last one is acknowledged, whatever Receive Maximum allows",
  },
  rmqtt: {
    silentTakeOver: "closes the earlier of two clients with one id without the DISCONNECT 0x8E that 5.0 wants",
    resendsOutOfOrder: "sends unacknowledged messages again in the wrong order, partly backwards, and behind later ones",
  },
  aedes: {
    resendsUnderNewIds: "sends unacknowledged QoS 2 messages again under new identifiers when it is cut off often, so that they repeat",
    resendsOutOfOrder: "sends unacknowledged messages again behind later ones",
    resendsWithoutDup: "sends unacknowledged messages again without DUP, as if they were new",
    queuesOutOfOrder: "sends what it kept for an absent client behind what comes in meanwhile, now and then",
  },
};
