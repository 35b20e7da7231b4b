// One client connected to one broker through the proxy: two ends and a pipe each way.

import { Pipe } from "./pipe.mjs";

/** @typedef {import("./pipe.mjs").Direction} Direction */

export class Link {
  #near;
  #far;
  #gone;
  /** @type {Record<Direction, Pipe>} */
  #pipes;
  #alive = true;

  /**
   * @param {import("./ends.mjs").End} near the client
   * @param {import("./ends.mjs").End} far the broker
   * @param {import("./pipe.mjs").Faults} faults
   * @param {object} report
   * @param {(direction: Direction, packet: object) => void} report.seen
   * @param {(direction: Direction, bytes: number) => void} report.passed
   * @param {() => void} report.gone
   */
  constructor(near, far, faults, { seen, passed, gone }) {
    this.#near = near;
    this.#far = far;
    this.#gone = gone;
    const pipe = (direction, from, to) =>
      new Pipe({
        direction,
        faults,
        seen: (packet) => seen(direction, packet),
        cut: () => this.cut(),
        send: (frame) => {
          passed(direction, frame.length);
          if (!to.send(frame, () => !faults.stalled && from.resume())) from.pause();
        },
      });
    this.#pipes = { up: pipe("up", near, far), down: pipe("down", far, near) };
    this.#join(near, far, this.#pipes.up);
    this.#join(far, near, this.#pipes.down);
  }

  /** Ends both sides without a goodbye; bytes already sent still arrive, bytes held back do not. */
  cut() {
    this.#end();
    this.#near.cut();
    this.#far.cut();
  }

  pause() {
    this.#near.pause();
    this.#far.pause();
  }

  resume() {
    this.#near.resume();
    this.#far.resume();
    this.#pipes.up.pump();
    this.#pipes.down.pump();
  }

  /** What one end says goes to the other, and so does its end: in order behind the last byte. */
  #join(from, to, pipe) {
    from.listen({
      data: (bytes) => pipe.push(bytes),
      text: (text) => to.text(text),
      closed: (clean, code, reason) => {
        pipe.end(() => {
          if (clean) to.close(code, reason);
          else to.cut();
          this.#end();
        });
      },
    });
  }

  #end() {
    if (!this.#alive) return;
    this.#alive = false;
    this.#pipes.up.drop();
    this.#pipes.down.drop();
    this.#gone();
  }
}
