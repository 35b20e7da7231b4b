// The link as a hawser between two bollards: taut while the broker is heard, hanging in silence, parted when lost. Packets run along it.
import type { Client, PacketTrace } from "hawser";
import { colour, onThemeChange } from "../lib/colours.js";
import { part } from "../lib/dom.js";
import { type Frame, Rope } from "../lib/rope.js";
import type { Traffic } from "../lib/traffic.js";
import { silenceOf } from "./status.js";

/** A packet on its way along the rope. */
interface Bead {
  readonly out: boolean;
  readonly large: boolean;
  readonly from: number;
}

const TRAVEL = 750;
const BEADS = 60;
const calm = matchMedia("(prefers-reduced-motion: reduce)");

export function mountRope(client: Client, traffic: Traffic): void {
  const canvas = part(document, "rope", HTMLCanvasElement);
  const rope = new Rope(frameOf(canvas));
  let beads: Bead[] = [];

  client.addEventListener("packet", ({ packet }) => {
    if (beads.length < BEADS && !calm.matches) beads.push(beadOf(packet));
  });
  const move = (now: number) => {
    const { status } = client;
    rope.whole = status.state === "online";
    const { ratio } = silenceOf(status, traffic, Date.now());
    // The first third of the silence is everyday; then the rope begins to hang.
    const sag = 14 + 60 * Math.max(0, ratio - 0.3);
    rope.sag += (sag - rope.sag) * 0.08;
    rope.step();
    beads = rope.whole ? beads.filter((bead) => now - bead.from < TRAVEL) : [];
  };
  const frame = (now: number) => {
    move(now);
    draw(canvas, rope, beads, now);
    if (!calm.matches) requestAnimationFrame(frame);
  };
  const still = () => {
    if (!calm.matches) return;
    move(performance.now());
    rope.place(frameOf(canvas));
    draw(canvas, rope, [], 0);
  };
  new ResizeObserver(() => {
    sharpen(canvas);
    rope.place(frameOf(canvas));
    still();
  }).observe(canvas);
  client.addEventListener("status", still);
  onThemeChange(still);
  calm.addEventListener("change", () => requestAnimationFrame(frame));
  requestAnimationFrame(frame);
}

function beadOf(packet: PacketTrace): Bead {
  return { out: packet.direction === "out", large: packet.type === "PUBLISH", from: performance.now() };
}

function frameOf(canvas: HTMLCanvasElement): Frame {
  const ground = canvas.clientHeight - 26;
  const shore = canvas.clientWidth < 500 ? 28 : 42;
  return { left: shore, right: canvas.clientWidth - shore, top: Math.max(24, ground - 108), ground };
}

function sharpen(canvas: HTMLCanvasElement): void {
  canvas.width = canvas.clientWidth * devicePixelRatio;
  canvas.height = canvas.clientHeight * devicePixelRatio;
}

function draw(canvas: HTMLCanvasElement, rope: Rope, beads: readonly Bead[], now: number): void {
  const ctx = canvas.getContext("2d");
  if (ctx === null) return;
  const { clientWidth: width, clientHeight: height } = canvas;
  ctx.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
  ctx.clearRect(0, 0, width, height);
  const frame = frameOf(canvas);
  drawWater(ctx, frame, height, now, 0.16);
  for (const x of [frame.left, frame.right]) drawBollard(ctx, x, frame);
  for (const piece of rope.pieces) drawPiece(ctx, piece);
  drawWater(ctx, { ...frame, ground: frame.ground + 4 }, height, now * 1.4 + 900, 0.3);
  drawQuays(ctx, frame, width, height);
  for (const x of [frame.left, frame.right]) drawHitch(ctx, x, frame.top);
  for (const bead of beads) drawBead(ctx, rope, bead, now);
}

/** The water between the quays; a second, nearer layer hides what has fallen in. */
function drawWater(ctx: CanvasRenderingContext2D, { left, right, ground }: Frame, height: number, now: number, alpha: number): void {
  ctx.fillStyle = colour("accent");
  ctx.globalAlpha = alpha;
  ctx.beginPath();
  ctx.moveTo(left, height);
  for (let x = left; x <= right; x += 6) ctx.lineTo(x, ground + Math.sin(x / 38 + now / 1_300) * 1.8);
  ctx.lineTo(right, height);
  ctx.fill();
  ctx.globalAlpha = 1;
}

function drawQuays(ctx: CanvasRenderingContext2D, { ground, left }: Frame, width: number, height: number): void {
  const quay = left + 28;
  ctx.fillStyle = colour("quay");
  ctx.beginPath();
  ctx.roundRect(0, ground - 8, quay, height - ground + 8, [4, 4, 0, 0]);
  ctx.roundRect(width - quay, ground - 8, quay, height - ground + 8, [4, 4, 0, 0]);
  ctx.fill();
}

function drawBollard(ctx: CanvasRenderingContext2D, x: number, { top, ground }: Frame): void {
  ctx.fillStyle = colour("bollard");
  ctx.beginPath();
  ctx.roundRect(x - 11, top - 12, 22, ground - top + 4, 4);
  ctx.roundRect(x - 17, top - 20, 34, 13, 6);
  ctx.roundRect(x - 20, ground - 14, 40, 7, 2);
  ctx.fill();
}

/** The turns of the rope around a bollard. */
function drawHitch(ctx: CanvasRenderingContext2D, x: number, top: number): void {
  for (const [offset, name] of [
    [-3, "rope"],
    [3, "rope"],
    [0, "rope-dark"],
  ] as const) {
    ctx.strokeStyle = colour(name);
    ctx.lineWidth = offset === 0 ? 1 : 6;
    ctx.lineCap = "round";
    ctx.beginPath();
    ctx.moveTo(x - 12, top + offset);
    ctx.lineTo(x + 12, top + offset);
    ctx.stroke();
  }
}

/** A piece of rope: a thick line, and the lay of its strands across it. */
function drawPiece(ctx: CanvasRenderingContext2D, piece: readonly { x: number; y: number }[]): void {
  const path = new Path2D();
  piece.forEach(({ x, y }, index) => {
    if (index === 0) path.moveTo(x, y);
    else path.lineTo(x, y);
  });
  ctx.lineJoin = "round";
  ctx.lineCap = "round";
  ctx.strokeStyle = colour("rope-dark");
  ctx.lineWidth = 8;
  ctx.stroke(path);
  ctx.strokeStyle = colour("rope");
  ctx.lineWidth = 6.5;
  ctx.stroke(path);
  ctx.strokeStyle = colour("rope-dark");
  ctx.lineWidth = 1.3;
  ctx.beginPath();
  strands(ctx, piece);
  ctx.stroke();
}

const LAY = 7;

function strands(ctx: CanvasRenderingContext2D, piece: readonly { x: number; y: number }[]): void {
  let offset = 0;
  piece.forEach((a, index) => {
    const b = piece[index + 1];
    if (b === undefined) return;
    const length = Math.hypot(b.x - a.x, b.y - a.y) || 1;
    const [ux, uy] = [(b.x - a.x) / length, (b.y - a.y) / length];
    for (; offset < length; offset += LAY) {
      const [x, y] = [a.x + ux * offset, a.y + uy * offset];
      ctx.moveTo(x - ux * 2.6 - uy * 2.9, y - uy * 2.6 + ux * 2.9);
      ctx.lineTo(x + ux * 2.6 + uy * 2.9, y + uy * 2.6 - ux * 2.9);
    }
    offset -= length;
  });
}

function drawBead(ctx: CanvasRenderingContext2D, rope: Rope, bead: Bead, now: number): void {
  const way = (now - bead.from) / TRAVEL;
  const { x, y } = rope.at(bead.out ? way : 1 - way);
  const radius = bead.large ? 6 : 4;
  ctx.fillStyle = colour("card");
  ctx.beginPath();
  ctx.arc(x, y, radius + 2, 0, Math.PI * 2);
  ctx.fill();
  ctx.fillStyle = colour(bead.out ? "accent" : "ok");
  ctx.beginPath();
  ctx.arc(x, y, radius, 0, Math.PI * 2);
  ctx.fill();
}
