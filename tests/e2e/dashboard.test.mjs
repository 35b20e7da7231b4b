// The demo dashboard, as a visitor sees it: values arrive, and whatever the buttons do to the link, it comes back.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { startDemo } from "../../www/server/demo.mjs";
import { launchChromium } from "../chromium.mjs";

const SERVE = fileURLToPath(new URL("../../www/server/serve.mjs", import.meta.url));
/** The browser itself reports every WebSocket that cannot be opened; a page cannot prevent it. */
const EXPECTED = /^WebSocket connection to .* failed/;

describe("the dashboard", () => {
  let demo;
  let browser;
  let page;
  const complaints = [];

  before(async () => {
    demo = await startDemo();
    browser = await launchChromium({ protocolTimeout: 30_000 });
    page = await browser.newPage();
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("console", (message) => {
      if (["error", "warn"].includes(message.type()) && !EXPECTED.test(message.text())) complaints.push(message.text());
    });
    await page.goto(demo.url);
  });

  after(async () => {
    await browser?.close();
    await demo?.stop();
  });

  const part = (name) => `[data-part="${name}"]`;
  const read = (name) => page.$eval(part(name), (element) => element.textContent.trim());
  const number = async (name) => Number((await read(name)).replace(/\D/g, ""));
  /** Waits until a part of the page reads like this. */
  const reads = (name, pattern) =>
    page.waitForFunction(
      (selector, source) => new RegExp(source).test(document.querySelector(selector).textContent),
      { timeout: 25_000 },
      part(name),
      pattern.source,
    );
  const hurt = (act) => page.click(`[data-act="${act}"]`);
  const online = () => reads("state", /^Online$/);
  /** Waits for readings that came after now. */
  const nextReading = async () => {
    const received = await number("in-total");
    await page.waitForFunction(
      (selector, before) => Number(document.querySelector(selector).textContent.replace(/\D/g, "")) > before + 8,
      { timeout: 25_000 },
      part("in-total"),
      received,
    );
    await page.waitForFunction(() => [...document.querySelectorAll(".tile b")].every((tile) => /^\d/.test(tile.textContent)));
  };
  /** Waits until all that was paid is booked, and checks that nothing was booked twice. */
  const allBooked = async () => {
    await reads("pay-note", /^Each booked exactly once\.$/);
    assert.equal(await number("processed"), await number("sent"));
    assert.equal(await number("duplicates"), 0);
  };

  test("shows values, states and the facts of the session soon after it is opened", async () => {
    await online();
    await nextReading();
    await page.waitForFunction(() => document.querySelectorAll('[data-part="device-list"] li[data-online]').length === 7);
    assert.equal(await read("protocol"), "MQTT 5.0");
    assert.equal(await read("session"), "new");
    assert.equal(await read("expiry"), "10 min");
    await reads("light-state", /^on, \d+ %$/);
    await reads("door-events", /[1-9]/);
  });

  test("the light obeys a command and reports its new state", async () => {
    await page.click(part("switch"));
    await reads("light-state", /^off$/);
    await reads("light-note", /^Obeyed \d+ ms after the command\.$/);
  });

  test("payments are booked exactly once", async () => {
    await page.click(part("pay-ten"));
    await allBooked();
    assert.equal(await number("processed"), 10);
  });

  test("a link that is cut comes back with its session, and values go on arriving", async () => {
    await hurt("cut");
    await reads("drops", /^1 drop$/);
    await online();
    assert.equal(await read("session"), "resumed");
    await nextReading();
  });

  test("the panel tells what happened: the cut with its cause, how it came back, and the numbers of the link", async () => {
    await reads("happened-rows", /Online, session resumed: WebSocket in \d+ ms, welcome in \d+ ms/);
    await reads("happened-rows", /Lost after [\d.]+ s online: The WebSocket was closed \(close code 1006\)/);
    await reads("round-trip", /^[\d,]+ ms$/);
    await reads("links-lost", /^1$/);
    await reads("attempts", /^[2-9]$/);
    await reads("last-in", /^[\d.]+ s ago$/);
    await reads("packets", /^[\d,]+ \/ [\d,]+$/);
  });

  test("the report that is copied has the whole story and no payload", async () => {
    await browser.defaultBrowserContext().overridePermissions(demo.url, ["clipboard-read", "clipboard-sanitized-write"]);
    await page.click(part("report"));
    await reads("report-note", /^Copied: \d+ lines/);
    const report = await page.evaluate(() => navigator.clipboard.readText());
    assert.match(report, /^hawser \d/);
    assert.match(report, /status: .*ms online, socket-closed: .*1006/);
    assert.doesNotMatch(report, /"level"|"on":/);
  });

  test("what is paid while the link is unplugged is booked once, when it is back", async () => {
    await hurt("unplug");
    await reads("state", /^Offline$/);
    await reads("detail", /^Attempt \d+ in \d+(\.\d)? s\. ./);
    await page.click(part("pay-ten"));
    await reads("pay-note", /^10 payments under way/);
    await hurt("unplug");
    await allBooked();
    assert.equal(await number("processed"), 20);
  });

  test("what is paid while acknowledgements are swallowed is booked once, although it is sent again", async () => {
    await hurt("swallow");
    await page.click(part("pay-one"));
    await reads("pay-note", /^1 payment under way/);
    await reads("log-rows", /till\/\w+\/charge/);
    await hurt("swallow");
    await allBooked();
    assert.equal(await number("processed"), 21);
    await online();
  });

  test("a silent link is noticed although nothing closes it", async () => {
    await hurt("stall");
    await reads("state", /^(Offline|Connecting)$/);
    await hurt("stall");
    await online();
    await nextReading();
  });

  test("no door event is missing after all this", async () => {
    const before = await number("door-events");
    await page.waitForFunction(
      (selector, events) => Number(document.querySelector(selector).textContent) > events,
      { timeout: 25_000 },
      part("door-events"),
      before,
    );
    // An event may be repeated: at QoS 1 one whose acknowledgement was cut off comes again.
    assert.equal(await number("door-missing"), 0);
  });

  test("a killed broker is found again when it is back, with a new session, and everything works as before", async () => {
    await hurt("restart");
    await reads("state", /^(Offline|Connecting)$/);
    await online();
    assert.equal(await read("session"), "new");
    await nextReading();
    const sent = await number("sent");
    await page.click(part("pay-one"));
    await allBooked();
    assert.equal(await number("processed"), sent + 1);
    await page.click(part("switch"));
    await reads("light-state", /^on, \d+ %$/);
  });

  test("what is published in one form arrives in the other, with its parameters", async () => {
    await page.$eval('[data-part="subscribe-form"] [name="filter"]', (field) => {
      field.value = "demo/+who/#rest";
    });
    await page.click('[data-part="subscribe-form"] button');
    await page.waitForSelector('[data-part="chips"] li[title="Granted QoS 1"]');
    await page.$eval('[data-part="publish"] [name="topic"]', (field) => {
      field.value = "demo/visitor/says/hello";
    });
    await page.click('[data-part="publish"] button');
    await reads("publish-note", /^The broker has it, after \d+ ms\.$/);
    await reads("messages", /demo\/visitor\/says\/hello/);
    const params = await page.$$eval('[data-part="messages"] li:first-child i', (all) => all.map(({ textContent }) => textContent));
    assert.deepEqual(params, ["who = visitor", "rest = says/hello"]);
  });

  test("a topic that is not allowed is refused with what to do about it", async () => {
    await page.$eval('[data-part="publish"] [name="topic"]', (field) => {
      field.value = "demo/#";
    });
    await page.click('[data-part="publish"] button');
    await page.waitForSelector('[data-part="publish-note"][data-tone="bad"]');
    assert.match(await read("publish-note"), /wildcard/i);
  });

  test("nothing on the page jumps", async () => {
    // The Layout Instability API's own sum; below 0.1 counts as good.
    const shifts = await page.evaluate(
      () =>
        new Promise((resolve) => {
          const observer = new PerformanceObserver((list) => resolve(list.getEntries().map(({ value }) => value)));
          observer.observe({ type: "layout-shift", buffered: true });
          requestAnimationFrame(() => requestAnimationFrame(() => resolve(observer.takeRecords().map(({ value }) => value))));
        }),
    );
    assert.ok(shifts.reduce((sum, value) => sum + value, 0) < 0.02, `layout shifts: ${shifts}`);
  });

  test("the browser had nothing to complain about", () => {
    assert.deepEqual(complaints, []);
  });
});

test("the server refuses other sites' requests", async () => {
  const demo = await startDemo();
  try {
    const cut = new URL("control/cut", demo.url);
    assert.equal((await fetch(cut, { method: "POST", headers: { origin: "https://elsewhere.example" } })).status, 403);
    assert.equal((await fetch(cut, { method: "POST" })).status, 200);
    const policy = (await fetch(demo.url)).headers.get("content-security-policy");
    assert.match(policy, /script-src 'self' 'wasm-unsafe-eval';/);
    assert.doesNotMatch(policy, /unsafe-(inline|eval)'.*'unsafe|'unsafe-inline'|'unsafe-eval'/);
  } finally {
    await demo.stop();
  }
});

test("the program prints its address on one line, and takes all its children along when it is asked to stop", async () => {
  const program = spawn(process.execPath, [SERVE], { stdio: ["ignore", "pipe", "inherit"] });
  let printed = "";
  program.stdout.on("data", (text) => {
    printed += text;
  });
  await once(program.stdout, "data");
  assert.match(printed, /^http:\/\/127\.0\.0\.1:\d+\/\n$/);
  assert.equal((await fetch(printed.trim())).status, 200);
  const children = childrenOf(program.pid);
  assert.equal(children.length, 2, "the broker and the devices");
  program.kill("SIGTERM");
  const [code] = await once(program, "exit");
  assert.equal(code, 0);
  assert.match(printed, /^[^\n]+\n$/);
  for (const child of children) assert.throws(() => process.kill(child, 0), { code: "ESRCH" });
});

/** Process ids of a program's children, whatever they are called; esbuild's helper is not one of the demo's. */
function childrenOf(parent) {
  const { stdout } = spawnSync("ps", ["-A", "-o", "pid=,ppid=,args="], { encoding: "utf8" });
  return stdout
    .split("\n")
    .map((line) => line.trim().match(/^(\d+)\s+(\d+)\s+(.*)$/))
    .filter((row) => row !== null && Number(row[2]) === parent && /hawser-broker/.test(row[3]))
    .map((row) => Number(row[1]));
}
