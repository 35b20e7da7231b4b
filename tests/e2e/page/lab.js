// The page of the end-to-end tests: uses the package as an application would, by order of the test, and writes down what happens.

import * as hawser from "hawser";
import { isPattern, pattern } from "./pattern.js";

/** Every wait ends with an explanation instead of the runner's time-out. */
let patience = 15_000;

/** @type {Map<string, Subject>} */
const subjects = new Map();

/** One client under test and its log. */
class Subject {
  statuses = [];
  errors = [];
  /** What events told, by their type. */
  told = { outcome: [], gap: [], storage: [], stalled: [], interrupted: [] };
  /** @type {Map<string, Listener>} */
  listeners = new Map();
  #waiting = new Set();

  constructor(url, options) {
    this.client = hawser.connect(url, options);
    this.#note(this.client.status);
    this.client.addEventListener("status", (event) => this.#note(event.status));
    for (const type of ["outcome", "gap", "storage"]) {
      this.client.addEventListener(type, (event) => {
        const { error, ...told } = event[type];
        this.#tell(type, error ? { ...told, error: describeError(error) } : told);
      });
    }
    this.client.addEventListener("stalled", ({ filter, topic }) => this.#tell("stalled", { filter, topic }));
    this.client.addEventListener("interrupted", ({ message }) => this.#tell("interrupted", describeMessage(message)));
    this.client.addEventListener("error", (event) => this.errors.push(describeError(event.error)));
  }

  #tell(type, told) {
    this.told[type].push(told);
    this.wake();
  }

  #note(status) {
    this.statuses.push({ ...status, at: Date.now() });
    this.wake();
  }

  wake() {
    for (const check of [...this.#waiting]) check();
  }

  /** Resolves with what `find` returns as soon as it is not undefined. */
  until(find, what) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(check);
        reject(new Error(`waited in vain for ${what}; statuses: ${JSON.stringify(this.statuses)}`));
      }, patience);
      const check = () => {
        const found = find();
        if (found === undefined) return;
        clearTimeout(timer);
        this.#waiting.delete(check);
        resolve(found);
      };
      this.#waiting.add(check);
      check();
    });
  }
}

/** One subscription and the messages that came to it. */
class Listener {
  messages = [];
  /** Payloads as numbers, for floods. */
  numbers = [];
  ended = false;
  /** Handlers that are not done, in the order of their messages. */
  busy = [];

  constructor(subject, filter, given, how) {
    const options = how.dedupe ? { ...given, dedupe: dedupeOf(given?.dedupe, how.dedupe) } : given;
    const take = (message) => {
      if (how.numbers) this.numbers.push(Number(message.text()));
      else this.messages.push(describeMessage(message));
      subject.wake();
      if (how.throws) throw new Error("the handler fails");
      if (how.busy) return new Promise((resolve) => this.busy.push(resolve));
    };
    if (how.iterate) {
      this.subscription = subject.client.subscribe(filter, options);
      this.#iterate(take);
    } else {
      this.subscription = subject.client.subscribe(filter, options, take);
    }
  }

  async #iterate(take) {
    for await (const message of this.subscription) await take(message);
    this.ended = true;
  }
}

/** Functions do not cross to the page: this one reads the payload, as the key or as the number. */
const dedupeOf = (dedupe, part) => ({ ...dedupe, [part]: (message) => (part === "key" ? message.text() : Number(message.text())) });

const PROPERTIES = ["expiry", "contentType", "responseTopic", "userProperties", "payloadFormat", "subscriptionIdentifiers"];

function describeMessage(message) {
  const { topic, qos, retain, dup, payload } = message;
  const record = { topic, qos, retain, dup, size: payload.length, params: { ...message.params } };
  if (payload.length <= 4_096) record.text = message.text();
  else record.exact = isPattern(payload);
  for (const name of PROPERTIES) if (message[name] !== undefined) record[name] = structuredClone(message[name]);
  if (message.correlationData) record.correlationData = [...message.correlationData];
  return record;
}

function describeError(error) {
  const { name, message, code, reasonCode, reasonString, hint, option } = error ?? {};
  return { name, message: message ?? String(error), code, reasonCode, reasonString, hint, option };
}

/** A payload as the test names it: a string, or `{ bytes }` for that many bytes of the pattern. */
const payloadOf = (spec) => (typeof spec === "object" && "bytes" in spec ? pattern(spec.bytes) : spec);

const asked = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

async function stored() {
  const found = {};
  for (const { name } of await indexedDB.databases()) {
    const database = await asked(indexedDB.open(name));
    found[name] = "";
    for (const table of database.objectStoreNames) {
      const rows = database.transaction(table).objectStore(table);
      const all = [...(await asked(rows.getAllKeys())), ...(await asked(rows.getAll()))];
      for (const value of all) found[name] += value instanceof Uint8Array ? String.fromCharCode(...value) : JSON.stringify(value);
    }
    database.close();
  }
  return found;
}

/** `settled`: the attempt is over, one way or the other. */
const SETTLED = ["online", "waiting", "stopped"];

const fits = (status, { settled, ...wanted }) =>
  (!settled || SETTLED.includes(status.state)) &&
  Object.entries(wanted).every(([key, value]) => (key === "cause" ? fits(status.cause ?? {}, value) : status[key] === value));

const commands = {
  patience(milliseconds) {
    patience = milliseconds;
  },
  open(name, url, options) {
    subjects.set(name, new Subject(url, options));
  },
  async publish(name, topic, payload, options) {
    return { ...(await subjects.get(name).client.publish(topic, payloadOf(payload), options)) };
  },
  /** Publishes the numbers 0..count-1, `window` of them at once, and waits for all of them. */
  async publishNumbers(name, topic, count, options) {
    const { client } = subjects.get(name);
    const numbers = Array.from({ length: count }, (_, number) => String(number));
    const results = await Promise.allSettled(numbers.map((number) => client.publish(topic, number, options)));
    return results.filter(({ status }) => status === "rejected").map(({ reason }) => describeError(reason));
  },
  subscribe(name, key, filter, options, how = {}) {
    const subject = subjects.get(name);
    subject.listeners.set(key, new Listener(subject, filter, options, how));
  },
  async ready(name, key) {
    return { ...(await subjects.get(name).listeners.get(key).subscription.ready) };
  },
  unsubscribeFilter: (name, filter) => subjects.get(name).client.unsubscribe(filter),
  unsubscribe: (name, key) => subjects.get(name).listeners.get(key).subscription.unsubscribe(),
  /** The handlers at these places of all that are not done are done now, one after the other. */
  async finish(name, key, places) {
    const { busy } = subjects.get(name).listeners.get(key);
    for (const place of places) busy.splice(place, 1)[0]();
  },
  ended: (name, key) => subjects.get(name).listeners.get(key).ended,
  messages: (name, key) => subjects.get(name).listeners.get(key).messages,
  numbers: (name, key) => subjects.get(name).listeners.get(key).numbers,
  untilMessages(name, key, count) {
    const subject = subjects.get(name);
    const listener = subject.listeners.get(key);
    const enough = () => (listener.messages.length + listener.numbers.length >= count ? true : undefined);
    return subject.until(enough, `${count} messages at ${key}`).then(() => listener.messages);
  },
  untilNumber(name, key, number) {
    const subject = subjects.get(name);
    const { numbers } = subject.listeners.get(key);
    return subject.until(() => (numbers.at(-1) === number ? true : undefined), `number ${number} at ${key}`);
  },
  statuses: (name) => subjects.get(name).statuses,
  errors: (name) => subjects.get(name).errors,
  /** The first status from index `from` on that has all the wanted fields. */
  untilStatus(name, wanted, from = 0) {
    const subject = subjects.get(name);
    const find = () => subject.statuses.slice(from).find((status) => fits(status, wanted));
    return subject.until(find, `status ${JSON.stringify(wanted)} from ${from}`);
  },
  told: (name) => subjects.get(name).told,
  untilTold(name, type, count) {
    const subject = subjects.get(name);
    return subject.until(() => (subject.told[type].length >= count ? subject.told[type] : undefined), `${count} of ${type}`);
  },
  outbox: (name) => subjects.get(name).client.outbox(),
  session: (name) => ({ ...subjects.get(name).client.session, durability: subjects.get(name).client.status.durability }),
  /** All that is in IndexedDB, as text of one character a byte: database -> everything in it. */
  stored,
  stats: (name) => subjects.get(name).client.stats(),
  diagnostics: (name) => subjects.get(name).client.diagnostics(),
  reconnectNow: (name) => subjects.get(name).client.reconnectNow(),
  close: (name) => subjects.get(name).client.close(),
  /** Closes every client that a test has left open and forgets all. */
  async clear() {
    await Promise.all([...subjects.values()].map((subject) => subject.client.close()));
    subjects.clear();
  },
};

/** Errors cross to the test as data, with all their fields. */
globalThis.lab = async (command, ...args) => {
  try {
    return { value: await commands[command](...args) };
  } catch (error) {
    return { error: describeError(error) };
  }
};
globalThis.hawser = hawser;
