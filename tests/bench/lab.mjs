// One measurement: a fresh page of a fresh profile, one contestant, one row.

import { setTimeout as delay } from "node:timers/promises";
import { launchChromium } from "../chromium.mjs";
import { renderers, spent, wholeProcess } from "./cpu.mjs";
import { countFor } from "./rows.mjs";
import { buildBlast, rawRates, servePages, startBlast } from "./server.mjs";

const MEGABYTE = 1e6;
/** How long a new window of Chromium is busy with its own pages (the address bar's), in milliseconds: as long as a client takes to start, and more. */
const WINDOW_SETTLES = 1_000;
/** A measurement that takes longer has lost a message. */
const PATIENCE = 300_000;

/**
 * @typedef {object} Measurement
 * @property {number} value the row's figure: messages/s, microseconds of CPU a message, MB/s, ms or MB
 * @property {number} [cpu] microseconds of main-thread CPU a message
 * @property {number} [stored] bytes stored for each message
 * @property {number} [growth] MB gained between the first thousand messages and the last
 * @property {number} [serverBusy] share of one core that the server used meanwhile
 * @property {string[]} faults messages lost, repeated, damaged, out of order, acknowledged wrongly
 */

export class Lab {
  #sessions = 0;

  static async open() {
    const program = buildBlast();
    const lab = new Lab();
    lab.program = program;
    lab.pages = await servePages();
    lab.blast = await startBlast(program);
    lab.browser = await launchChromium({ protocolTimeout: PATIENCE });
    lab.session = await lab.browser.target().createCDPSession();
    return lab;
  }

  async close() {
    await this.browser?.close();
    this.blast?.close();
    this.pages?.close();
  }

  rawRates(filters) {
    return rawRates(this.program, filters);
  }

  version() {
    return this.browser.version();
  }

  /** @returns {Promise<Measurement>} */
  async measure(row, contestant, smoke) {
    // What is stored belongs on the disk, where only the browser's own profile is; another context keeps it in memory.
    const context = row.durable ? this.browser.defaultBrowserContext() : await this.browser.createBrowserContext();
    const broken = [];
    let page;
    try {
      page = await context.newPage();
      page.on("pageerror", (error) => broken.push(String(error)));
      const count = countFor(row, contestant, smoke);
      const session = row.durable ? `${row.id}-${++this.#sessions}` : undefined;
      const outcome = await withPatience(this.#perform(page, { row, contestant, count, smoke, session }), `${row.id}, ${contestant}`);
      outcome.faults.push(...broken);
      return outcome;
    } finally {
      await (row.durable ? page?.close() : context.close());
    }
  }

  #perform(page, task) {
    if (task.row.kind === "startup") return this.#startup(page, task);
    if (task.row.kind === "memory") return this.#memory(page, task);
    if (task.row.kind === "restore") return this.#restore(page, task);
    return this.#work(page, task);
  }

  async #startup(page, { contestant, smoke }) {
    if (!smoke) await delay(WINDOW_SETTLES);
    const query = new URLSearchParams({ contestant, url: this.blast.url });
    await page.goto(`${this.pages.url}/startup.html?${query}`);
    return { value: await page.evaluate(() => globalThis.startup), faults: [] };
  }

  /** One page stores, another takes up what it has left. */
  async #restore(page, { row, contestant, count, session }) {
    const task = { contestant, session, work: { ...row, count } };
    await page.goto(`${this.pages.url}/bench.html`);
    const bytes = await page.evaluate((task) => globalThis.bench.store(task), task);
    await page.reload();
    const { milliseconds, faults } = await page.evaluate((task) => globalThis.bench.restore(task), task);
    return { value: milliseconds, stored: bytes / count, faults };
  }

  async #work(page, { row, contestant, count, smoke, session }) {
    if (!smoke) await delay(WINDOW_SETTLES);
    await page.goto(`${this.pages.url}/bench.html`);
    const work = { ...row, count, warmUp: smoke ? 0 : row.warmUp };
    const task = { contestant, url: this.blast.url, work, session };
    await page.evaluate((task) => globalThis.bench.prepare(task), task);
    const [before, serverBefore, from] = [await renderers(this.session), wholeProcess(this.blast.pid), performance.now()];
    const { milliseconds, messages, faults } = await page.evaluate(() => globalThis.bench.run());
    const [elapsed, serverAfter, after] = [performance.now() - from, wholeProcess(this.blast.pid), await renderers(this.session)];
    const cpu = (spent(before, after) * 1000) / messages;
    const rate = (messages * 1000) / milliseconds;
    const value = { cpu, rate, megabytes: (rate * row.size) / MEGABYTE }[row.figure];
    return { value, cpu, serverBusy: (serverAfter - serverBefore) / elapsed, faults };
  }

  /** What a page holds after garbage collection: JavaScript heap, array buffers, the DOM's own, and wasm memory. */
  async #memory(page, { row, contestant, count, session }) {
    await page.evaluateOnNewDocument(watchWasmMemory);
    await page.goto(`${this.pages.url}/bench.html`);
    const tools = await page.createCDPSession();
    const held = async () => {
      await tools.send("HeapProfiler.collectGarbage");
      const usage = await tools.send("Runtime.getHeapUsage");
      const wasm = await page.evaluate(() => globalThis.wasmMemory());
      return (usage.usedSize + usage.embedderHeapUsedSize + usage.backingStorageSize + wasm) / MEGABYTE;
    };
    const faults = [];
    const receive = async (messages) => {
      const work = { ...row, kind: "receive", count: messages, warmUp: 0 };
      await page.evaluate((work) => globalThis.bench.next(work), work);
      faults.push(...(await page.evaluate(() => globalThis.bench.run())).faults);
    };
    const empty = await held();
    await page.evaluate((task) => globalThis.bench.prepare(task), {
      contestant,
      url: this.blast.url,
      session,
      work: { ...row, kind: "receive", count: 1000, warmUp: 0 },
    });
    faults.push(...(await page.evaluate(() => globalThis.bench.run())).faults);
    const first = await held();
    // Streams of a size that the server can hold, each a little longer than the last: a filter already subscribed to would not be sent again.
    const stream = Math.min(count, 200_000);
    for (let round = 0; round < count / stream; round++) {
      await receive(stream + 50 * (round + 1));
    }
    const last = await held();
    return { value: first - empty, growth: last - first, faults };
  }
}

/** Runs in the page, before any script: keeps hold of the memories that WebAssembly modules export. */
function watchWasmMemory() {
  const memories = new Set();
  for (const name of ["instantiate", "instantiateStreaming"]) {
    const original = WebAssembly[name];
    WebAssembly[name] = async (...parameters) => {
      const result = await original.apply(WebAssembly, parameters);
      for (const value of Object.values((result.instance ?? result).exports)) if (value instanceof WebAssembly.Memory) memories.add(value);
      return result;
    };
  }
  globalThis.wasmMemory = () => [...memories].reduce((sum, memory) => sum + memory.buffer.byteLength, 0);
}

function withPatience(promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not done after ${PATIENCE / 1000} s, messages are missing`)), PATIENCE);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
