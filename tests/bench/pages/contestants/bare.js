// No client at all: what a page pays for the WebSocket itself. It walks fixed headers, counts, and acknowledges.

const text = new TextEncoder();
const PUBLISH = 3;

/** Bytes that gather in one growing buffer. */
class Buffer {
  bytes = new Uint8Array(65_536);
  length = 0;

  /** @param {number} more */
  reserve(more) {
    if (this.length + more <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(this.bytes.length * 2, this.length + more));
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
  }

  take() {
    const taken = this.bytes.subarray(0, this.length);
    this.length = 0;
    return taken;
  }
}

export class Bare {
  #joined;
  #socket;
  #out = new Buffer();
  #flushDue = false;
  #channel = new MessageChannel();
  #packetId = 0;
  /** What the next packets mean. */
  #tally = null;
  #report = null;
  #settled = () => {};
  #unsettled = 0;

  /** @param {{ joined: boolean }} options joined: packets queued in one task leave in one frame */
  constructor({ joined }) {
    this.#joined = joined;
    this.#channel.port1.onmessage = () => this.#flush();
  }

  open(url) {
    this.#socket = new WebSocket(url, ["mqtt"]);
    this.#socket.binaryType = "arraybuffer";
    this.#socket.onmessage = (event) => this.#walk(new Uint8Array(event.data));
    return new Promise((resolve) => {
      this.#settled = resolve;
      this.#unsettled = 1;
      this.#socket.onopen = () => this.#socket.send(Uint8Array.of(0x10, 15, 0, 4, 77, 81, 84, 84, 5, 2, 0, 0, 0, 0, 2, 98, 101));
    });
  }

  close() {
    this.#socket.send(Uint8Array.of(0xe0, 0));
    this.#socket.close();
  }

  receive(filter, qos, tally) {
    this.#tally = tally;
    this.#subscribe([filter], qos);
  }

  receiveEach(filters, trigger, tally) {
    this.#tally = tally;
    this.#subscribe([...filters, trigger], 0);
  }

  ready(filter) {
    return this.#settling(1, () => this.#subscribe([filter], 0));
  }

  report(filter) {
    this.#subscribe([filter], 0);
    return new Promise((resolve) => {
      this.#report = resolve;
    });
  }

  /** All at once; resolves when all are acknowledged (QoS 0: at once). */
  publishAll(topic, payloads, qos) {
    const name = text.encode(topic);
    return this.#settling(qos === 0 ? 0 : payloads.length, () => {
      for (const payload of payloads) this.#publish(name, payload, qos);
    });
  }

  /** Four in flight at a time. */
  async publishFour(topic, payloads, qos) {
    const name = text.encode(topic);
    let next = 0;
    const more = () => {
      if (next < payloads.length) this.#publish(name, payloads[next++], qos);
    };
    await new Promise((resolve) => {
      this.#unsettled = payloads.length;
      this.#settled = resolve;
      this.acknowledged = more;
      for (let lane = 0; lane < 4; lane++) more();
    });
    this.acknowledged = () => {};
  }

  acknowledged = () => {};

  #settling(count, start) {
    return new Promise((resolve) => {
      this.#unsettled = count;
      this.#settled = resolve;
      start();
      if (count === 0) resolve();
    });
  }

  #settle() {
    if (--this.#unsettled === 0) this.#settled();
  }

  #walk(bytes) {
    let at = 0;
    while (at < bytes.length) {
      const first = bytes[at++];
      let length = 0;
      let shift = 0;
      let byte;
      do {
        byte = bytes[at++];
        length |= (byte & 127) << shift;
        shift += 7;
      } while (byte & 128);
      if (first >> 4 === PUBLISH) this.#received(first, bytes, at, length);
      else this.#answered(first >> 4, bytes, at);
      at += length;
    }
  }

  #received(first, bytes, at, length) {
    const qos = (first >> 1) & 3;
    if (qos > 0) {
      const id = at + 2 + ((bytes[at] << 8) | bytes[at + 1]);
      this.#acknowledge(qos === 1 ? 0x40 : 0x50, bytes[id], bytes[id + 1]);
    }
    if (!this.#report) return this.#tally.counted();
    const topicEnd = at + 2 + ((bytes[at] << 8) | bytes[at + 1]);
    this.#report(JSON.parse(new TextDecoder().decode(bytes.subarray(topicEnd + 1, at + length))));
    this.#report = null;
  }

  #answered(kind, bytes, at) {
    if (kind === 5) this.#acknowledge(0x62, bytes[at], bytes[at + 1]);
    else if (kind === 6) this.#acknowledge(0x70, bytes[at], bytes[at + 1]);
    else {
      this.#settle();
      this.acknowledged();
    }
  }

  #acknowledge(first, high, low) {
    if (!this.#joined) return this.#socket.send(Uint8Array.of(first, 2, high, low));
    const out = this.#out;
    out.reserve(4);
    out.bytes[out.length++] = first;
    out.bytes[out.length++] = 2;
    out.bytes[out.length++] = high;
    out.bytes[out.length++] = low;
    this.#due();
  }

  #nextId() {
    this.#packetId = (this.#packetId % 65_535) + 1;
    return this.#packetId;
  }

  #header(first, length) {
    const out = this.#out;
    out.reserve(length + 5);
    out.bytes[out.length++] = first;
    let left = length;
    while (left > 127) {
      out.bytes[out.length++] = (left & 127) | 128;
      left >>>= 7;
    }
    out.bytes[out.length++] = left;
  }

  #word(value) {
    this.#out.bytes[this.#out.length++] = value >> 8;
    this.#out.bytes[this.#out.length++] = value & 255;
  }

  #publish(name, payload, qos) {
    const out = this.#out;
    this.#header(0x30 | (qos << 1), 2 + name.length + (qos > 0 ? 2 : 0) + 1 + payload.length);
    this.#word(name.length);
    out.bytes.set(name, out.length);
    out.length += name.length;
    if (qos > 0) this.#word(this.#nextId());
    out.bytes[out.length++] = 0;
    out.bytes.set(payload, out.length);
    out.length += payload.length;
    this.#due();
  }

  #subscribe(filters, qos) {
    const encoded = filters.map((filter) => text.encode(filter));
    this.#header(0x82, 3 + encoded.reduce((sum, filter) => sum + filter.length + 3, 0));
    this.#word(this.#nextId());
    this.#out.bytes[this.#out.length++] = 0;
    for (const filter of encoded) {
      this.#word(filter.length);
      this.#out.bytes.set(filter, this.#out.length);
      this.#out.length += filter.length;
      this.#out.bytes[this.#out.length++] = qos;
    }
    this.#due();
  }

  #due() {
    if (!this.#joined) return this.#flush();
    if (this.#flushDue) return;
    this.#flushDue = true;
    this.#channel.port2.postMessage(null);
  }

  #flush() {
    this.#flushDue = false;
    this.#socket.send(this.#out.take());
  }
}
