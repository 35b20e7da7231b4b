// What happens to the page, as far as it concerns the link.

/** In the numbers of the command PAGE. */
const [ONLINE, OFFLINE, BACK] = [0, 1, 2];
export const LEAVE = 3;

/** What each event means. In a worker of the user's own there are only the first two. */
const EVENTS = { online: ONLINE, offline: OFFLINE, pagehide: LEAVE, pageshow: BACK, visibilitychange: BACK, resume: BACK } as const;

/** Sleep is told by no event: a page looks every so many ms how late it is. */
const LOOK_EVERY = 5_000;

/**
 * Calls `tell` for what happens to the page, and `note` with the names of the events; returns what ends it. A page that is hidden has late timers all the time, and is
 * told to be back when it is visible.
 */
export function watchPage(tell: (event: number) => void, note: (name: string) => void): () => void {
  const ending = new AbortController();
  const { signal } = ending;
  const page = globalThis.document;
  const hidden = (): boolean => page?.visibilityState === "hidden";
  const heard = (event: Event): void => {
    // Any element of the page may have an event of its own that is called so.
    if (event.target !== globalThis && event.target !== page) return;
    // The first pageshow of a page is none of these.
    if (event.type === "pageshow" && !(event as PageTransitionEvent).persisted) return;
    note(event.type === "visibilitychange" ? (hidden() ? "hidden" : "visible") : event.type);
    if (event.type !== "visibilitychange" || !hidden()) tell(EVENTS[event.type as keyof typeof EVENTS]);
  };
  // Captured, because some of them are the document's and do not bubble.
  for (const type of Object.keys(EVENTS)) globalThis.addEventListener?.(type, heard, { signal, capture: true });
  let looked = Date.now();
  const timer = setInterval(() => {
    const late = Date.now() - looked - LOOK_EVERY;
    looked += LOOK_EVERY + late;
    if (late < LOOK_EVERY || hidden()) return;
    note("slept");
    tell(BACK);
  }, LOOK_EVERY);
  signal.addEventListener("abort", () => clearInterval(timer));
  // No event tells of it to who comes later.
  if (globalThis.navigator?.onLine === false) tell(OFFLINE);
  return () => ending.abort();
}
