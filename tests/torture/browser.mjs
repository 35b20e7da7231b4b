// Chromium with a profile that outlives it, and the ways to kill it: only what has been told to other processes survives.

import { existsSync } from "node:fs";
import { appendFile, readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { FLAGS, launchChromium } from "../chromium.mjs";
import { ownFolder } from "../servers/daemon.mjs";

/** Chromium keeps a renderer in reserve. It would be killed with the one that is in use, and the next page would be given the dead one. */
const ARGS = [...FLAGS, "--disable-features=SpareRendererForSitePerProcess"];

/** How long a new tab may take, in ms, and how many may be tried. */
const PATIENCE = 4_000;
const ATTEMPTS = 5;

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Whether a process is there and not just waiting to be reaped. */
async function runs(pid) {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  return stat !== undefined && !/\) [ZX]/.test(stat);
}

async function gone(pids) {
  for (const limit = Date.now() + 10_000; ; await pause(5)) {
    const left = [];
    for (const pid of pids) if (await runs(pid)) left.push(pid);
    if (left.length === 0) return;
    if (Date.now() > limit) throw new Error(`processes ${left} of the browser do not end`);
  }
}

/** What a kill leaves of a record of LevelDB between its two writes: checksum, length and type, and nothing of the 295 bytes that they are about. */
const TORN = Uint8Array.of(0x48, 0x9f, 0x07, 0xa7, 0x27, 0x01, 0x01);

/** Ends like that what was last written to a database of a profile; returns the file. */
async function tear(profile) {
  const root = join(profile, "Default", "IndexedDB");
  const logs = (await readdir(root, { recursive: true })).filter((name) => name.endsWith(".log")).map((name) => join(root, name));
  const written = await Promise.all(logs.map(async (path) => ({ path, at: (await stat(path)).mtimeMs })));
  const [{ path }] = written.sort((one, other) => other.at - one.at);
  await appendFile(path, TORN);
  return path;
}

export async function openBrowser() {
  const profile = await ownFolder("torture");
  const launch = () => launchChromium({ userDataDir: profile.path, args: ARGS, protocolTimeout: 30_000 });
  let browser = await launch();
  let page;
  let last = "";

  /** The processes of the browser, by kind: "browser", "renderer", "GPU" ... */
  const processes = async () => {
    const session = await browser.target().createCDPSession();
    const { processInfo } = await session.send("SystemInfo.getProcessInfo");
    await session.detach();
    return processInfo;
  };

  /** A new tab. Now and then one that is opened just after a renderer died never answers: then it is another one's turn. */
  const newPage = async () => {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const opening = browser.newPage().catch(() => undefined);
      const opened = await Promise.race([opening, pause(PATIENCE)]);
      if (opened) return opened;
    }
    throw new Error("the browser opens no page");
  };

  return {
    /** Opens `url` in the place of the page that was there. */
    async open(url) {
      last = url;
      const before = page;
      page = await newPage();
      await before?.close().catch(() => {}); // a dead page cannot answer
      await page.goto(url);
    },
    /** kill -9 of all renderers: the page is gone in the middle of whatever it did, the browser lives on. */
    async killRenderer() {
      const pids = (await processes()).filter(({ type }) => type === "renderer").map(({ id }) => id);
      for (const pid of pids) process.kill(pid, "SIGKILL");
      await gone(pids);
      await this.open(last);
    },
    /**
     * kill -9 of the browser: the others of its processes end by themselves when they notice. Then it is started again on its profile.
     * `writing`: as if that had hit it in the middle of writing to IndexedDB. Then it resolves when the page has had the file renewed: another one
     * before that costs the database.
     */
    async killBrowser(writing = false) {
      const pids = (await processes()).map(({ id }) => id);
      browser.process().kill("SIGKILL");
      await gone(pids);
      page = undefined;
      const torn = writing ? await tear(profile.path) : "";
      // What says that the profile is in use: by a process that is gone, or whose number another one has by now.
      for (const name of ["Lock", "Cookie", "Socket"]) await rm(join(profile.path, `Singleton${name}`), { force: true });
      browser = await launch().catch(launch);
      await this.open(last);
      for (const limit = Date.now() + 10_000; existsSync(torn); await pause(5))
        if (Date.now() > limit) throw new Error("the file that ends in half a record is still in use");
    },
    /** A reload, as users do it. */
    async reload() {
      await page.reload();
    },
    async stop() {
      await browser.close();
      await profile.remove();
    },
  };
}
