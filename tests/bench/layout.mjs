// Why the store is a log of segments: what IndexedDB takes in Chromium when every message is a record of its own, and when a commit is one record.
//
//   node tests/bench/layout.mjs
//
// A message is put by one commit and gone a few commits later, as when it is acknowledged.

import { main } from "../../setup.mjs";
import { launchChromium } from "../chromium.mjs";
import { servePages } from "./server.mjs";

const LAYOUTS = ["record a message", "segment a commit"];
const COMMITS = [1, 10, 100, 1_000];

/** Runs in the page: commits of `messages` messages for a second. */
async function measure(layout, messages, durability) {
  const SIZE = 84; // PUBLISH with a topic of 16 characters and 64 bytes
  const LIVE = 4; // commits after which a message is gone
  const done = (request) =>
    new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  const name = `layout-${Math.random()}`;
  const request = indexedDB.open(name);
  request.onupgradeneeded = () => request.result.createObjectStore("log");
  const database = await done(request);
  const perform = {
    "record a message"(log, commit) {
      for (let message = 0; message < messages; message++) {
        log.put(new Uint8Array(SIZE), commit * messages + message);
        if (commit >= LIVE) log.delete((commit - LIVE) * messages + message);
      }
    },
    "segment a commit"(log, commit) {
      // As the engine does it: a snapshot now and then, instead of deleting one by one.
      const snapshot = (commit * messages * SIZE) % (3 * LIVE * messages * SIZE + 262_144) < messages * SIZE;
      if (snapshot) log.clear();
      log.put(new Uint8Array(SIZE * messages * (snapshot ? LIVE : 1)), commit);
    },
  }[layout];
  let commits = 0;
  const from = performance.now();
  while (performance.now() - from < 1_000) {
    await new Promise((resolve, reject) => {
      const transaction = database.transaction("log", "readwrite", { durability });
      transaction.oncomplete = resolve;
      transaction.onabort = () => reject(transaction.error);
      perform(transaction.objectStore("log"), commits);
      transaction.commit();
    });
    commits++;
  }
  const seconds = (performance.now() - from) / 1_000;
  database.close();
  await done(indexedDB.deleteDatabase(name));
  return commits / seconds;
}

const shown = (rate) => Math.round(rate).toLocaleString("en");

await main(async () => {
  const pages = await servePages();
  const browser = await launchChromium();
  try {
    const page = await browser.newPage();
    await page.goto(`${pages.url}/bench.html`);
    console.log(`${await browser.version()}\n`);
    console.log("| layout | durability | messages a commit | commits/s | messages/s |\n| --- | --- | --- | --- | --- |");
    for (const durability of ["relaxed", "strict"])
      for (const layout of LAYOUTS)
        for (const messages of COMMITS) {
          const rate = await page.evaluate(measure, layout, messages, durability);
          console.log(`| ${layout} | ${durability} | ${messages} | ${shown(rate)} | ${shown(rate * messages)} |`);
        }
  } finally {
    await browser.close();
    pages.close();
  }
});
