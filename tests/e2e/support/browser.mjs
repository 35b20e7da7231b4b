// Finds and starts the headless Chromium that the tests drive.

import { access, constants } from "node:fs/promises";
import { delimiter, join } from "node:path";
import puppeteer from "puppeteer-core";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
const FLAGS = [
  "--no-sandbox", // Chromium refuses to run as root with it, which is what build machines do
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** @returns {Promise<string>} path of Chromium: the CHROMIUM environment variable, or the first one on PATH */
export async function findChromium() {
  if (process.env.CHROMIUM) return process.env.CHROMIUM;
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    for (const name of NAMES) {
      const file = join(folder, name);
      if (
        await access(file, constants.X_OK).then(
          () => true,
          () => false,
        )
      )
        return file;
    }
  }
  throw new Error("no Chromium on PATH: install it, or say where it is with the environment variable CHROMIUM");
}

/** @returns {Promise<import("puppeteer-core").Browser>} */
export async function launchBrowser() {
  return puppeteer.launch({
    executablePath: await findChromium(),
    args: FLAGS,
    // Its Network domain reports every WebSocket frame and slows the page down to a third.
    networkEnabled: false,
    // A promise of the page that never settles must fail the case, not hold up the suite.
    protocolTimeout: 30_000,
  });
}
