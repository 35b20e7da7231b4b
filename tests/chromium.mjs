// How every test starts Chromium: the one that set-up found, headless, and silent towards the network.
import puppeteer from "puppeteer-core";
import { tool } from "../setup.mjs";

export const FLAGS = [
  "--no-sandbox", // Chromium refuses to run as root with it, which is what build machines do
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/**
 * Puppeteer's Network domain stays off: it reports every WebSocket frame, which slows a page down to a third.
 *
 * @param {import("puppeteer-core").LaunchOptions} [options]
 */
export const launchChromium = (options = {}) =>
  puppeteer.launch({ executablePath: tool("chromium"), args: FLAGS, networkEnabled: false, ...options });
