// The test's side of the page in tests/e2e/page: clients in the browser that a test can order about from Node.

import { launchChromium } from "../../chromium.mjs";
import { servePage } from "./page-server.mjs";

/** Reconnecting fast: tests wait for conditions, not for the default of whole seconds. */
export const QUICK = { kind: "exponential", min: 20, max: 250, jitter: 20, stableAfter: 1_000 };

/** Where engines run unless a test says otherwise: all of them pass in a worker and in the page. */
export const HOST = process.env.HAWSER_HOST ?? "worker";

let serial = 0;
/** A name that no other test uses: broker state is shared by all tests of a file. */
export const unique = (word) => `${word}-${process.pid}-${++serial}`;

/** An error that was thrown in the page; it has the fields of the original (`code`, `reasonCode`, `hint` ...). */
export class PageError extends Error {
  constructor({ message, ...fields }) {
    super(message);
    Object.assign(this, fields);
  }
}

/** Opens a browser with the test page. @param {import("puppeteer-core").LaunchOptions} [options] of the browser */
export async function openLab(options) {
  const [browser, server] = await Promise.all([launchChromium({ protocolTimeout: 60_000, ...options }), servePage()]);
  return openTab(browser, server);
}

/** @param {() => void} [before] runs in the page, and in each of its workers, before anything else */
async function openTab(browser, server, before) {
  const page = await browser.newPage();
  if (before) {
    await page.evaluateOnNewDocument(before);
    // The server puts into a module what its address asks for.
    await page.evaluateOnNewDocument((code) => {
      if (!("Worker" in globalThis)) return;
      globalThis.Worker = class extends Worker {
        constructor(url, options) {
          super(`${url}?before=${encodeURIComponent(code)}`, options);
        }
      };
    }, `(${before})();`);
  }
  const faults = [];
  page.on("pageerror", (error) => faults.push(error));
  page.on("error", (error) => faults.push(error));
  const lab = new Lab(browser, server, page, faults);
  await lab.enter();
  return lab;
}

export class Lab {
  #browser;
  #server;
  #faults;
  #patience = 15_000;

  /** Pages of the same browser that a test has opened besides. @type {Lab[]} */
  #tabs = [];

  constructor(browser, server, page, faults) {
    this.#browser = browser;
    this.#server = server;
    this.page = page;
    this.#faults = faults;
  }

  /** Loads the page. */
  async enter() {
    await this.page.goto(this.#server.url);
    await this.page
      .waitForFunction(() => "lab" in globalThis)
      .catch(() => {
        throw new Error(`the test page does not load: ${this.#faults.join("; ") || "is dist/ built?"}`);
      });
    await this.setPatience(this.#patience);
  }

  /** Leaves the page without a goodbye: its clients are gone, and the same tab may come back by `enter`. */
  leave() {
    return this.page.goto("about:blank");
  }

  /** Another tab of the same browser, until `clear`. @param {() => void} [before] runs in its pages and their workers before anything else */
  async tab(before) {
    const tab = await openTab(this.#browser, this.#server, before);
    this.#tabs.push(tab);
    return tab;
  }

  /** Closes this tab as a user would, if it is still there. */
  async close() {
    if (!this.page.isClosed()) await this.page.close();
  }

  /** How long one wait in the page may take, in ms. @param {number} milliseconds */
  async setPatience(milliseconds) {
    this.#patience = milliseconds;
    await this.call("patience", milliseconds);
  }

  async call(...command) {
    let timer;
    // A promise of the page that never settles must fail the case, not hold up the suite.
    const tired = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error(`the page never answers: ${command.slice(0, 4).join(" ")}`)), 2 * this.#patience);
    });
    const asked = this.page.evaluate((args) => globalThis.lab(...args), command);
    const { value, error } = await Promise.race([asked, tired]).finally(() => clearTimeout(timer));
    if (error) throw new PageError(error);
    return value;
  }

  /**
   * `connect(url, options)` in the page, with quick reconnecting and a client id of its own unless the options say otherwise (undefined: the client makes one).
   * @param {string} url
   * @param {object} [options] ConnectOptions, as far as they can be cloned
   */
  async connect(url, options = {}) {
    const given = "clientId" in options ? options.clientId : unique("hawser");
    const client = new RemoteClient(this, unique("client"), given);
    await this.call("open", client.name, url, { clientId: client.clientId, reconnect: QUICK, host: HOST, ...options });
    return client;
  }

  /** `connect`, and then waits until it is online. */
  async online(url, options) {
    const client = await this.connect(url, options);
    await client.until({ state: "online" });
    return client;
  }

  /** Closes all clients; throws if anything went uncaught in the page. */
  async clear() {
    const tabs = this.#tabs.splice(0).filter(({ page }) => !page.isClosed());
    await Promise.all(tabs.map((tab) => tab.clear().finally(() => tab.close())));
    // A page that was left has no clients any more.
    if (this.page.url() !== "about:blank") await this.call("clear");
    const faults = this.#faults.splice(0);
    if (faults.length > 0) throw new AggregateError(faults, `uncaught in the page: ${faults.join("; ")}`);
  }

  async stop() {
    await this.#browser.close();
    await this.#server.stop();
  }
}

class RemoteClient {
  #lab;

  constructor(lab, name, clientId) {
    this.#lab = lab;
    this.name = name;
    this.clientId = clientId;
  }

  #call(command, ...args) {
    return this.#lab.call(command, this.name, ...args);
  }

  /**
   * The first status that has all the wanted fields, from index `from` of the history on.
   * @param {object} wanted for example `{ state: "waiting", cause: { kind: "refused" } }`
   */
  until(wanted, from = 0) {
    return this.#call("untilStatus", wanted, from);
  }

  /** All statuses so far; its length is the `from` for what comes next. */
  statuses() {
    return this.#call("statuses");
  }

  errors() {
    return this.#call("errors");
  }

  /** All that the events have told, by type. */
  told() {
    return this.#call("told");
  }

  /** Waits until so many of these events have come, and returns them. @param {"outcome"|"gap"|"storage"|"stalled"|"interrupted"} event @param {number} [count] */
  untilTold(event, count = 1) {
    return this.#call("untilTold", event, count);
  }

  outbox() {
    return this.#call("outbox");
  }

  /** `client.session` and `client.status.durability`. */
  session() {
    return this.#call("session");
  }

  /** Payload: a string, JSON, or `{ bytes: n }` for n bytes of the pattern. Resolves as the page's own promise does. */
  publish(topic, payload, options = {}) {
    return this.#call("publish", topic, payload, options);
  }

  /** Publishes the numbers 0..count-1 all at once; resolves with the errors when all have settled. */
  publishNumbers(topic, count, options = {}) {
    return this.#call("publishNumbers", topic, count, options);
  }

  /**
   * @param {string} filter
   * @param {object} [options]
   * @param {{ iterate?: boolean, numbers?: boolean, throws?: boolean, busy?: boolean, dedupe?: "key"|"timestamp"|"sequence" }} [how] busy: handlers wait
   * for `finish`; dedupe: by the payload
   */
  async subscribe(filter, options = {}, how = {}) {
    const subscription = new RemoteSubscription(this.#lab, this.name, unique("subscription"));
    await this.#call("subscribe", subscription.key, filter, options, how);
    return subscription;
  }

  /** `subscribe`, and then waits until the broker has granted it. */
  async subscribed(filter, options, how) {
    const subscription = await this.subscribe(filter, options, how);
    await subscription.ready();
    return subscription;
  }

  /** All that there is of a filter. @param {string} filter */
  unsubscribe(filter) {
    return this.#call("unsubscribeFilter", filter);
  }

  stats() {
    return this.#call("stats");
  }

  diagnostics() {
    return this.#call("diagnostics");
  }

  reconnectNow() {
    return this.#call("reconnectNow");
  }

  close() {
    return this.#call("close");
  }
}

class RemoteSubscription {
  constructor(lab, client, key) {
    this.key = key;
    this.call = (command, ...args) => lab.call(command, client, key, ...args);
  }

  ready() {
    return this.call("ready");
  }

  /** All messages so far. */
  messages() {
    return this.call("messages");
  }

  /** All payloads so far, of a subscription with `numbers`. */
  numbers() {
    return this.call("numbers");
  }

  /** Waits for that many messages and returns all there are then. */
  until(count) {
    return this.call("untilMessages", count);
  }

  /** Waits until this number has come. */
  untilNumber(number) {
    return this.call("untilNumber", number);
  }

  /** Ends the handlers at these places among those that are not done, one after the other. */
  finish(...places) {
    return this.call("finish", places);
  }

  unsubscribe() {
    return this.call("unsubscribe");
  }

  /** Whether the loop of an iterating subscription has ended. */
  ended() {
    return this.call("ended");
  }
}
