// Takes the README's pictures of the dashboard: www/screenshot-light.png and www/screenshot-dark.png; more with a folder as argument.
//
//   node www/screenshot.mjs [FOLDER for phone and offline pictures too]
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { launchBrowser } from "../tests/e2e/support/browser.mjs";
import { startDemo } from "./server/demo.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));
const folder = process.argv[2];

const demo = await startDemo();
const browser = await launchBrowser();
try {
  await shoot(here, "light", { width: 1360, height: 1270 });
  await shoot(here, "dark", { width: 1360, height: 1270 });
  if (folder) for (const theme of ["light", "dark"]) await shoot(folder, theme, { width: 390, height: 844, isMobile: true, hasTouch: true });
} finally {
  await browser.close();
  await demo.stop();
}

/** Opens the page, lives with it for a while, and takes its picture. */
async function shoot(target, theme, viewport) {
  const page = await browser.newPage();
  await page.setViewport({ deviceScaleFactor: 1, ...viewport });
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: theme }]);
  await page.goto(demo.url);
  await page.waitForSelector('[data-part="link"][data-state="online"]');
  const click = (selector) => page.$eval(selector, (element) => element.click());
  await click('[data-part="pay-ten"]');
  await click('[data-part="subscribe-form"] button');
  await wait(6_000);
  await click('[data-act="cut"]');
  await page.waitForSelector('[data-part="link"]:not([data-state="online"])');
  await click('[data-part="pay-ten"]');
  await page.waitForSelector('[data-part="link"][data-state="online"]');
  await wait(9_000);
  const phone = viewport.isMobile ? "phone-" : "";
  await page.screenshot({ path: join(target, `screenshot-${phone}${theme}.png`), fullPage: Boolean(viewport.isMobile) });
  await page.close();
}
