// CPU time, from the kernel's own books. CDP's Performance domain can tell it too, but then reads a clock around every task, which costs
// more than the difference between two clients; and its TaskDuration leaves out what the scheduler does between tasks.

import { readFileSync } from "node:fs";

/** Milliseconds of CPU that the main thread of a process has used; undefined where there is no /proc. */
function mainThread(pid) {
  try {
    return Number(readFileSync(`/proc/${pid}/schedstat`, "utf8").split(" ")[0]) / 1e6;
  } catch {
    return undefined;
  }
}

/** Milliseconds of CPU that a whole process has used, in ticks of 10; undefined where there is no /proc. */
export function wholeProcess(pid) {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
    return (Number(fields[11]) + Number(fields[12])) * 10;
  } catch {
    return undefined;
  }
}

/** Whether a process draws the browser's own pages (its address bar): while a window is new, that costs more than a client that does little. */
function ofTheBrowser(pid) {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("--top-chrome-webui");
  } catch {
    return false;
  }
}

/**
 * Main-thread CPU of every renderer of a page, by process.
 * @param {import("puppeteer-core").CDPSession} browserSession
 * @returns {Promise<Map<number, number>>}
 */
export async function renderers(browserSession) {
  const { processInfo } = await browserSession.send("SystemInfo.getProcessInfo");
  const pages = processInfo.filter(({ type, id }) => type === "renderer" && !ofTheBrowser(id));
  return new Map(pages.map(({ id }) => [id, mainThread(id)]));
}

/** CPU that the busiest renderer used between two readings: only one page is ever at work. */
export function spent(before, after) {
  const each = [...after].map(([pid, milliseconds]) => milliseconds - (before.get(pid) ?? 0)).filter(Number.isFinite);
  return each.length > 0 ? Math.max(...each) : undefined;
}
