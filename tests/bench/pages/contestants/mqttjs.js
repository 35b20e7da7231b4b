// MQTT.js, as a page would use it: its browser bundle, its defaults, MQTT 5.0.

import mqtt from "/mqtt/mqtt.esm.js";

/** Whether a topic filter matches a name: what users of MQTT.js write themselves, since it hands over all messages in one event. */
function matches(filter, name) {
  const levels = name.split("/");
  return filter.split("/").every((level, index) => level === "+" || level === levels[index]);
}

export class MqttJs {
  #client;
  #message = () => {};

  open(url) {
    this.#client = mqtt.connect(url, { protocolVersion: 5 });
    this.#client.on("message", (topic, payload) => this.#message(topic, payload));
    return new Promise((resolve, reject) => {
      this.#client.once("connect", () => resolve());
      this.#client.once("error", reject);
    });
  }

  close() {
    return this.#client.endAsync();
  }

  receive(filter, qos, tally) {
    this.#message = (_topic, payload) => tally.message(payload);
    this.#client.subscribe(filter, { qos });
  }

  receiveEach(filters, trigger, tally) {
    const handlers = filters.map((filter) => ({ filter, handler: (payload) => tally.message(payload) }));
    this.#message = (topic, payload) => {
      for (const { filter, handler } of handlers) if (matches(filter, topic)) handler(payload);
    };
    this.#client.subscribe([...filters, trigger], { qos: 0 });
  }

  async ready(filter) {
    await this.#client.subscribeAsync(filter);
  }

  report(filter) {
    return new Promise((resolve) => {
      this.#message = (topic, payload) => {
        if (topic === filter) resolve(JSON.parse(payload.toString()));
      };
      this.#client.subscribe(filter);
    });
  }

  publishAll(topic, payloads, qos) {
    if (qos === 0) {
      for (const payload of payloads) this.#client.publish(topic, payload, { qos });
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      let left = payloads.length;
      const settled = (error) => {
        if (error) reject(error);
        else if (--left === 0) resolve();
      };
      for (const payload of payloads) this.#client.publish(topic, payload, { qos }, settled);
    });
  }

  async publishFour(topic, payloads, qos) {
    let next = 0;
    const lane = async () => {
      while (next < payloads.length) await this.#client.publishAsync(topic, payloads[next++], { qos });
    };
    await Promise.all([lane(), lane(), lane(), lane()]);
  }
}
