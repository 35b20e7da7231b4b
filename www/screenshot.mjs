// Takes the README's pictures of the dashboard: www/screenshot-light.png and www/screenshot-dark.png.
//
//   node www/screenshot.mjs [FOLDER]     with a folder: more pictures (phone, offline) for a closer look, there
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { launchChromium } from "../tests/chromium.mjs";
import { startDemo } from "./server/demo.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));
const folder = process.argv[2];
const THEMES = ["light", "dark"];
const WALL = { width: 1360, height: 1480 };
const PHONE = { width: 390, height: 844, isMobile: true, hasTouch: true };

const demo = await startDemo();
const browser = await launchChromium();
try {
  const page = await open(WALL);
  await live(page);
  for (const theme of THEMES) await shoot(page, theme, join(here, `screenshot-${theme}.png`), { above: ".log" });
  if (folder) await lookCloser(page);
} finally {
  await browser.close();
  await demo.stop();
}

async function open(viewport) {
  const page = await browser.newPage();
  await page.setViewport({ deviceScaleFactor: 1, ...viewport });
  await page.goto(demo.url);
  await state(page, "online");
  return page;
}

function state(page, name) {
  return page.waitForSelector(`[data-part="link"][data-state="${name}"]`);
}

/** Lives with the page for a while, through a loss of the link. */
async function live(page) {
  await wait(20_000);
  await page.click('[data-part="pay-ten"]');
  await page.click('[data-part="level"]');
  await page.click('[data-act="unplug"]');
  await state(page, "waiting");
  await page.click('[data-part="pay-ten"]');
  await wait(5_000);
  await page.click('[data-act="unplug"]');
  await state(page, "online");
  await page.click('[data-part="pay-one"]');
  await wait(22_000);
}

async function shoot(page, theme, path, { above } = {}) {
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: theme }]);
  await page.mouse.move(0, 0);
  // Two beads at least on the rope: readings come every second.
  await wait(1_200);
  const height = above && (await page.$eval(above, (element) => element.getBoundingClientRect().top + scrollY));
  await page.screenshot(height ? { path, clip: { x: 0, y: 0, width: WALL.width, height } } : { path, fullPage: true });
}

async function lookCloser(page) {
  await page.click('[data-part="subscribe-form"] button');
  for (const theme of THEMES) await shoot(page, theme, join(folder, `whole-${theme}.png`));
  await page.click('[data-act="unplug"]');
  await state(page, "waiting");
  await wait(2_000);
  for (const theme of THEMES) await shoot(page, theme, join(folder, `offline-${theme}.png`));
  await page.click('[data-act="unplug"]');
  const phone = await open(PHONE);
  await live(phone);
  for (const theme of THEMES) await shoot(phone, theme, join(folder, `phone-${theme}.png`));
}
