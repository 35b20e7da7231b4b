// The ups and downs of the link in words, newest first.
import type { Client, Ending, Status } from "hawser";
import { span } from "./format.js";

const KEPT = 50;

export interface Turn {
  readonly at: number;
  readonly tone: "ok" | "warn" | "bad";
  readonly text: string;
}

/** Follows a client, and calls `changed` when there is something new. */
export class Timeline {
  #turns: Turn[] = [];
  #told: Ending | undefined;
  readonly #changed: () => void;

  constructor(client: Client, changed: () => void) {
    this.#changed = changed;
    client.addEventListener("status", ({ status }) => this.#follow(status));
    client.addEventListener("gap", ({ gap }) => {
      if (gap.kind !== "sequence") this.#add("warn", "The broker has forgotten the session: messages may be missing");
    });
  }

  /** Newest first. */
  get turns(): readonly Turn[] {
    return this.#turns;
  }

  #follow(status: Status): void {
    if (status.state === "idle") return;
    if (status.state === "online") {
      const { socket, handshake } = status.took;
      const session = status.sessionPresent ? "session resumed" : "new session";
      this.#add("ok", `Online, ${session}: WebSocket in ${socket} ms, welcome in ${handshake} ms`);
    } else if (status.ended !== this.#told && status.ended !== undefined && status.cause !== undefined) {
      this.#told = status.ended;
      const { kind, message } = status.cause;
      const planned = kind === "renewed" || kind === "left";
      this.#add(planned ? "warn" : "bad", `${endOf(status.ended, planned)}: ${message}`);
    }
  }

  #add(tone: Turn["tone"], text: string): void {
    this.#turns = [{ at: Date.now(), tone, text }, ...this.#turns.slice(0, KEPT - 1)];
    this.#changed();
  }
}

function endOf({ phase, lasted }: Ending, planned: boolean): string {
  if (phase !== "online") return `Failed after ${span(lasted)}`;
  return `${planned ? "Ended" : "Lost"} after ${span(lasted)} online`;
}
