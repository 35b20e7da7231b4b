// Numbers and times as people read them.

const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const whole = new Intl.NumberFormat("en-US");

/** 14:03:27 */
export function timeOfDay(at: number): string {
  return clock.format(at);
}

/** 14:03:27.041 */
export function timeWithMillis(at: number): string {
  return `${clock.format(at)}.${String(Math.floor(at % 1_000)).padStart(3, "0")}`;
}

/** 12,345 */
export function count(value: number): string {
  return whole.format(value);
}

/** 1 event, 2 events */
export function counted(value: number, noun: string): string {
  return `${whole.format(value)} ${noun}${value === 1 ? "" : "s"}`;
}

/** 512 B, 4.2 KB, 3.1 MB */
export function bytes(value: number): string {
  if (value < 1_024) return `${value} B`;
  if (value < 1_024 * 1_024) return `${(value / 1_024).toFixed(1)} KB`;
  return `${(value / 1_024 / 1_024).toFixed(1)} MB`;
}

/** 0.4 s, 12 s, 4 min, 2 h */
export function span(milliseconds: number): string {
  const seconds = Math.max(0, milliseconds) / 1_000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.floor(seconds)} s`;
  if (seconds < 7_200) return `${Math.floor(seconds / 60)} min`;
  return `${Math.floor(seconds / 3_600)} h`;
}
