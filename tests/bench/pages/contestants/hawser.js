// Hawser, as a page would use it: the built package, its defaults.

import { connect } from "/dist/hawser.js";

const NOBODY = "ws://127.0.0.1:9/";

export class Hawser {
  #client;
  #subscription;
  #host;

  /** @param {"page" | "worker"} host where the engine runs */
  constructor(host) {
    this.#host = host;
  }

  /** With a `name` the session is stored under it; with a `window` so many messages at QoS 1 and 2 are on their way to it at most. */
  open(url, name, window) {
    this.#client = connect(url, { host: this.#host, ...(name && { session: { name } }), ...(window && { receiveMaximum: window }) });
    return new Promise((resolve, reject) => {
      this.#client.addEventListener("status", ({ status }) => {
        if (status.state === "online") resolve();
        if (status.state === "stopped" || status.state === "waiting") reject(new Error(status.cause.message));
      });
    });
  }

  /** Stores messages that cannot leave: nobody listens there. */
  async store(name, topic, payloads) {
    this.#client = connect(NOBODY, { host: this.#host, session: { name } });
    await Promise.all(payloads.map((payload) => this.#client.publish(topic, payload, { qos: 1, until: "stored" })));
    await this.close();
  }

  /** Goes on with what is stored, and returns how many messages wait. */
  async restore(name) {
    this.#client = connect(NOBODY, { host: this.#host, session: { name } });
    return (await this.#client.outbox()).length;
  }

  get durability() {
    return this.#client.status.durability;
  }

  close() {
    return this.#client.close();
  }

  receive(filter, qos, tally) {
    this.#client.subscribe(filter, { qos }, (message) => tally.message(message.payload));
  }

  receiveEach(filters, trigger, tally) {
    for (const filter of filters) this.#client.subscribe(filter, (message) => tally.message(message.payload));
    this.#client.subscribe(trigger, () => {});
  }

  async ready(filter) {
    this.#subscription = this.#client.subscribe(filter, () => {});
    await this.#subscription.ready;
  }

  report(filter) {
    return new Promise((resolve) => {
      this.#client.subscribe(filter, (message) => resolve(message.json()));
    });
  }

  async publishAll(topic, payloads, qos) {
    if (qos === 0) for (const payload of payloads) this.#client.publish(topic, payload, { qos });
    else await Promise.all(payloads.map((payload) => this.#client.publish(topic, payload, { qos })));
  }

  async publishFour(topic, payloads, qos) {
    let next = 0;
    const lane = async () => {
      while (next < payloads.length) await this.#client.publish(topic, payloads[next++], { qos });
    };
    await Promise.all([lane(), lane(), lane(), lane()]);
  }
}
