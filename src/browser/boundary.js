// The hot way in: what is cheaper to do on this side of the boundary. A frame crosses it four times here; through the bindings of the
// same browser interfaces it would cross nine times and leave garbage each time, which costs more than handling the packet.

/** @type {WebAssembly.Memory} */
let memory;
/** Views of the memory, made again when it has grown: the old ones are then empty. */
let bytes = new Uint8Array(0);
let source = new Uint32Array(0);

/** Records up to this many words use one buffer again and again. */
const KEPT = 4096;
const kept = new Uint32Array(KEPT);
/** Up to here a loop is quicker than a view. */
const FEW = 64;

export function useMemory(of) {
  memory = of;
}

/**
 * `EngineOptions` as bytes, in the order in which options.rs reads them: numbers of 32 bits (flags as 0 and 1, what is not given as 0), then the
 * fields, each behind its length plus 1 (0: not given). All in one crossing: each option of its own would cost every start of a page two wrappers.
 */
export function optionBytes(options) {
  const { reconnect, will } = options;
  const fields = [
    options.clientId,
    options.authenticationMethod,
    options.broker,
    options.store,
    options.properties,
    options.policy,
    will?.topic,
    will?.payload,
    will?.properties,
  ].map((field) => (typeof field === "string" ? new TextEncoder().encode(field) : field));
  const numbers = Uint32Array.of(
    options.protocol,
    options.fallBack,
    options.followReferences,
    options.cleanStart,
    options.sessionExpiry,
    options.keepAlive,
    options.receiveMaximum,
    options.maximumPacketSize,
    options.topicAliasMaximum,
    options.outboundTopicAliases,
    options.requestResponseInformation,
    options.requestProblemInformation,
    options.checkPayloadFormat,
    options.connectTimeout,
    ["never", "fixed", "exponential"].indexOf(reconnect.kind),
    reconnect.delay ?? reconnect.min,
    reconnect.max,
    reconnect.jitter,
    options.maxAttempts,
    options.stableAfter,
    options.maxQueued,
    options.maxQueuedBytes,
    options.joinPackets,
    options.trace,
    options.resendQos2,
    options.stallAfter,
    options.overflow,
    options.offlineQos0,
    options.strict,
    options.durable,
    options.maxKeys,
    options.freshCredentials,
    options.probeTimeout,
    options.willOnLeave,
    options.addresses,
    will?.qos,
    will?.retain,
  );
  const parts = [numbers, ...fields.flatMap((field) => (field ? [Uint32Array.of(field.length + 1), field] : Uint32Array.of(0)))];
  const block = new Uint8Array(parts.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let at = 0;
  for (const { buffer, byteOffset, byteLength } of parts) {
    block.set(new Uint8Array(buffer, byteOffset, byteLength), at);
    at += byteLength;
  }
  return block;
}

/**
 * Calls `received(frame, length)` for each binary frame of a socket and `receivedText()` for each other. Of a socket that is open already the
 * event has come and gone: its `onopen` is called in a moment, if it has not been taken off by then.
 */
export function listen(socket, received, receivedText) {
  if (socket.readyState === 1) queueMicrotask(() => socket.onopen?.());
  socket.onmessage = ({ data }) => {
    if (typeof data === "string") {
      receivedText();
    } else {
      const frame = new Uint8Array(data);
      received(frame, frame.length);
    }
  };
}

/** A task of its own behind those that wait already, each time that it is asked for, until it is closed. */
export function channel(run) {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => run();
  return {
    ask: () => port2.postMessage(0),
    close: () => {
      port1.onmessage = null;
      port1.close();
    },
  };
}

/** Copies a frame to an address. */
export function copyIn(frame, at) {
  if (bytes.length === 0) bytes = new Uint8Array(memory.buffer);
  bytes.set(frame, at);
}

/**
 * Calls `deliver(frame, words, length)`. The records are copied out first, because the memory may move while they are told. What
 * `deliver` throws is reported like an error that nobody caught: it must not reach the engine.
 */
export function tell(deliver, frame, at, length) {
  if (source.length === 0) source = new Uint32Array(memory.buffer);
  const words = length <= KEPT ? kept : new Uint32Array(length);
  const start = at >>> 2;
  if (length <= FEW) for (let index = 0; index < length; index++) words[index] = source[start + index];
  else words.set(source.subarray(start, start + length));
  try {
    deliver(frame, words, length);
  } catch (error) {
    reportError(error);
  }
}
