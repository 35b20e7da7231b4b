// How a chart looks: thin curves on a quiet grid, and a shade over the times without a link.
import type uPlot from "uplot";
import { colour } from "../lib/colours.js";
import type { LinkHistory } from "../lib/history.js";
import { ROOM_NAMES, ROOMS } from "../lib/readings.js";

interface PlotWish {
  readonly width: number;
  readonly height: number;
  /** Decimals on the axis. */
  readonly digits: number;
  readonly history: LinkHistory;
  /** The cursor moved: the index of the second under it, or nothing. */
  readonly hovered: (index: number | null | undefined) => void;
}

const FONT = "500 11.5px Geist, ui-sans-serif, system-ui, sans-serif";

export function plotOptions({ width, height, digits, history, hovered }: PlotWish): uPlot.Options {
  const axis: uPlot.Axis = {
    stroke: () => colour("muted"),
    font: FONT,
    grid: { stroke: () => colour("line"), width: 1 },
    ticks: { show: false },
  };
  return {
    width,
    height,
    padding: [8, 22, 0, 0],
    legend: { show: false },
    cursor: { sync: { key: "home" }, y: false, points: { size: 7 }, drag: { x: false, y: false } },
    scales: { y: { range: (_plot, min, max) => [min - (max - min) * 0.06, max + (max - min) * 0.06] } },
    axes: [
      { ...axis, size: 28, gap: 8, space: 70, values: (_plot, splits) => splits.map(ago) },
      { ...axis, size: 40, gap: 6, space: 38, values: (_plot, splits) => splits.map((value) => value.toFixed(digits === 0 ? 0 : 1)) },
    ],
    series: [
      {},
      ...ROOMS.map((room, index) => ({
        label: ROOM_NAMES[room],
        stroke: () => colour(`series-${index}`),
        width: 1.8,
        points: { show: false },
      })),
    ],
    hooks: {
      drawClear: [(plot) => shade(plot, history)],
      setCursor: [(plot) => hovered(plot.cursor.idx)],
    },
  };
}

/** A mark on the time axis. */
function ago(second: number): string {
  const back = Math.round(Date.now() / 1_000) - second;
  if (back < 3) return "now";
  return new Date(second * 1_000).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
}

/** Shades the periods without a link. */
function shade(plot: uPlot, history: LinkHistory): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.fillStyle = colour("bad");
  ctx.globalAlpha = 0.13;
  for (const { state, from, to } of history.periods(Date.now())) {
    if (state === "online" || state === "idle") continue;
    const left = Math.max(bbox.left, plot.valToPos(from / 1_000, "x", true));
    const right = Math.min(bbox.left + bbox.width, plot.valToPos(to / 1_000, "x", true));
    if (right > left) ctx.fillRect(left, bbox.top, right - left, bbox.height);
  }
  ctx.restore();
}
