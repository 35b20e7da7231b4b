// A rope as a chain of points that keep their distance and fall (Verlet integration): it hangs, parts, drops and is made fast again.

interface Point {
  x: number;
  y: number;
  /** Where it was one step ago: the difference is its speed. */
  px: number;
  py: number;
}

const LINKS = 40;
const MIDDLE = LINKS / 2;
const GRAVITY = 0.22;
const DRAG = 0.985;
const ROUNDS = 24;

export interface Frame {
  /** The two bollards, and the ground, in CSS pixels. */
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly ground: number;
}

export class Rope {
  readonly points: Point[] = [];
  /** Made fast at both ends; otherwise parted in the middle. */
  whole = false;
  /** How far the middle hangs below the bollards, in CSS pixels. */
  sag = 16;
  #frame: Frame;

  constructor(frame: Frame) {
    this.#frame = frame;
    this.place(frame);
  }

  /** Lays the rope out anew, for example after a change of size. */
  place(frame: Frame): void {
    this.#frame = frame;
    this.points.length = 0;
    for (let index = 0; index <= LINKS; index++) {
      const x = frame.left + ((frame.right - frame.left) * index) / LINKS;
      const y = this.whole ? frame.top : frame.ground;
      this.points.push({ x, y, px: x, py: y });
    }
    for (let step = 0; step < 60; step++) this.step();
  }

  /** One step of 1/60 s. */
  step(): void {
    for (const point of this.points) this.#fall(point);
    for (let round = 0; round < ROUNDS; round++) this.#hold();
  }

  /** Where something is that has gone this part (0 to 1) of the way. */
  at(way: number): { x: number; y: number } {
    const exact = Math.min(Math.max(way, 0), 1) * LINKS;
    const index = Math.min(Math.floor(exact), LINKS - 1);
    const [a, b] = [this.points[index], this.points[index + 1]];
    if (a === undefined || b === undefined) return { x: 0, y: 0 };
    const rest = exact - index;
    return { x: a.x + (b.x - a.x) * rest, y: a.y + (b.y - a.y) * rest };
  }

  /** The pieces of the rope: one, or two when it has parted. */
  get pieces(): readonly (readonly Point[])[] {
    return this.whole ? [this.points] : [this.points.slice(0, MIDDLE), this.points.slice(MIDDLE + 1)];
  }

  #fall(point: Point): void {
    const { ground } = this.#frame;
    const onGround = point.y >= ground - 0.5;
    const drag = onGround ? 0.6 : DRAG;
    const [vx, vy] = [(point.x - point.px) * drag, (point.y - point.py) * drag];
    point.px = point.x;
    point.py = point.y;
    point.x += vx;
    point.y = Math.min(ground, point.y + vy + GRAVITY);
  }

  #hold(): void {
    const { left, right, top } = this.#frame;
    const length = this.#linkLength();
    for (let index = 0; index < LINKS; index++) {
      if (!this.whole && (index === MIDDLE || index === MIDDLE - 1)) continue;
      const [a, b] = [this.points[index], this.points[index + 1]];
      if (a !== undefined && b !== undefined) pull(a, b, length);
    }
    this.points.forEach((point, index) => {
      if (this.whole || index < MIDDLE) leash(point, left, top, index * length);
      if (this.whole || index > MIDDLE) leash(point, right, top, (LINKS - index) * length);
    });
  }

  /** A shallow arc that sags by `s` over a span `w` is longer than the span by the factor 1 + 8/3 (s/w)². */
  #linkLength(): number {
    const width = this.#frame.right - this.#frame.left;
    return (width / LINKS) * (1 + (8 / 3) * (this.sag / width) ** 2);
  }
}

/** Brings two neighbours closer to their distance, half each. A rope cannot push, so it is only pulled together. */
function pull(a: Point, b: Point, length: number): void {
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const distance = Math.hypot(dx, dy);
  if (distance <= length || distance === 0) return;
  const share = (distance - length) / distance / 2;
  a.x += dx * share;
  a.y += dy * share;
  b.x -= dx * share;
  b.y -= dy * share;
}

/** Keeps a point within the length of rope that lies between it and a bollard: without this a long rope would stretch like rubber. */
function leash(point: Point, x: number, y: number, length: number): void {
  const [dx, dy] = [point.x - x, point.y - y];
  const distance = Math.hypot(dx, dy);
  if (distance <= length) return;
  const scale = length / distance;
  point.x = x + dx * scale;
  point.y = y + dy * scale;
}
