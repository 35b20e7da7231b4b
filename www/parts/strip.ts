// The strip: three minutes of the link as coloured periods.
import { make } from "../lib/dom.js";
import { type Period, WINDOW } from "../lib/history.js";

export function drawStrip(strip: HTMLElement, periods: readonly Period[]): void {
  const end = periods.at(-1)?.to ?? Date.now();
  while (strip.children.length > periods.length) strip.lastElementChild?.remove();
  while (strip.children.length < periods.length) strip.append(make("i"));
  periods.forEach((period, index) => {
    const piece = strip.children[index];
    if (!(piece instanceof HTMLElement)) return;
    piece.dataset.state = period.state;
    piece.style.left = `${(1 - (end - period.from) / WINDOW) * 100}%`;
    // A short drop must still be seen.
    piece.style.width = `max(3px, ${((period.to - period.from) / WINDOW) * 100}%)`;
  });
}
