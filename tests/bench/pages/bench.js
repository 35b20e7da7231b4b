// One measurement inside the page: `prepare` connects and warms up, `run` does the work and says what it took.

import { payloadOf, Tally } from "./tally.js";

const load = {
  bare: async () => new (await import("./contestants/bare.js")).Bare({ joined: false }),
  joined: async () => new (await import("./contestants/bare.js")).Bare({ joined: true }),
  mqttjs: async () => new (await import("./contestants/mqttjs.js")).MqttJs(),
  hawser: async () => new (await import("./contestants/hawser.js")).Hawser("page"),
  worker: async () => new (await import("./contestants/hawser.js")).Hawser("worker"),
};

let reports = 0;
const reported = (client) => client.report(`report/${++reports}`);

/** @typedef {{ kind: string, qos: number, packets?: number, pace?: number, count: number, size: number, filters?: number, warmUp: number, window?: number }} Work */
/** @typedef {{ milliseconds: number, messages: number, faults: string[] }} Outcome */

/** @returns {Promise<Outcome>} */
async function receive(client, { qos, packets, pace = "", count, size, filters = 0 }) {
  const tally = new Tally(count, size);
  const filter = `blast/q${qos}/${packets}x${pace}/${count}/${size}`;
  if (filters === 0) client.receive(filter, qos, tally);
  else {
    const all = filters === 1 ? ["device/+/state"] : Array.from({ length: filters }, (_, n) => `device/${String(n).padStart(5, "0")}/+`);
    client.receiveEach(all, `${filter}/10000`, tally);
  }
  await tally.done;
  const milliseconds = tally.lastAt - tally.firstAt;
  const report = await reported(client);
  const faults = [];
  if (tally.received !== count) faults.push(`received ${tally.received} of ${count}`);
  if (tally.faults > 0) faults.push(`${tally.faults} out of order or damaged`);
  if (report.sent !== count) faults.push(`the server sent ${report.sent}`);
  if (qos > 0 && report.acked !== count) faults.push(`acknowledged ${report.acked} of ${count}`);
  if (report.ackFaults > 0) faults.push(`${report.ackFaults} acknowledgements out of order`);
  return { milliseconds, messages: count, faults };
}

/** @returns {Promise<Outcome>} */
async function publish(client, { kind, qos, count, size }, payloads) {
  await client.ready(`sink/${count}/${size}`);
  const start = performance.now();
  if (kind === "publish") await client.publishAll("sink", payloads, qos);
  else await client.publishFour("sink", payloads, qos);
  const settledAt = performance.now();
  const report = await reported(client);
  const milliseconds = (qos === 0 ? performance.now() : settledAt) - start;
  const faults = [];
  if (report.received !== count) faults.push(`the server received ${report.received} of ${count}`);
  if (report.publishFaults > 0) faults.push(`${report.publishFaults} out of order or damaged`);
  return { milliseconds, messages: count, faults, frames: report.frames };
}

/** Bytes of all segments in the database of a session. */
function storedBytes(name) {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name);
    request.onerror = () => reject(request.error);
    request.onsuccess = () => {
      const all = request.result.transaction("log").objectStore("log").getAll();
      all.onerror = () => reject(all.error);
      all.onsuccess = () => {
        request.result.close();
        resolve(all.result.reduce((sum, { length }) => sum + length, 0));
      };
    };
  });
}

let client;
let stored;
let ready;

function stage(work) {
  const sends = work.kind !== "receive";
  const payloads = Array.from({ length: sends ? work.count : 0 }, (_, number) => payloadOf(number, work.size));
  ready = () => (sends ? publish : receive)(client, work, payloads);
}

globalThis.bench = {
  /** Connects, warms up, and makes what is to be sent. @param {{ contestant: string, url: string, work: Work, session?: string }} task */
  async prepare({ contestant, url, work, session }) {
    client = await load[contestant]();
    stored = session !== undefined;
    await client.open(url, session, work.window);
    if (work.warmUp > 0) {
      stage({ ...work, count: work.warmUp, filters: 0 });
      await ready();
    }
    stage(work);
  },

  /** Another piece of work for the same client. @param {Work} work */
  next: (work) => stage(work),

  /** @returns {Promise<Outcome>} */
  async run() {
    const outcome = await ready();
    if (stored && client.durability === "memory") outcome.faults.push("the session was not stored");
    return outcome;
  },

  /** Fills the outbox of a stored session; returns the bytes that its database holds then. */
  async store({ contestant, session, work }) {
    const payloads = Array.from({ length: work.count }, (_, number) => payloadOf(number, work.size));
    await (await load[contestant]()).store(session, "sensor/outbox/7", payloads);
    return storedBytes(`hawser/${session}/0`);
  },

  /** Takes up a stored session: how long that took, and whether all its messages are there. @returns {Promise<Outcome>} */
  async restore({ contestant, session, work }) {
    const restoring = await load[contestant]();
    const from = performance.now();
    const messages = await restoring.restore(session);
    const milliseconds = performance.now() - from;
    return { milliseconds, messages, faults: messages === work.count ? [] : [`${messages} of ${work.count} messages restored`] };
  },
};
