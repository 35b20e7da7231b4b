// Which address an attempt goes to: one of the user's own, each in its turn, or where a broker has sent the client.
import type { Addresses, AddressProvider } from "./address.js";
import type { PrepareRecord } from "./records.js";
import { followed } from "./server-reference.js";

export class Route {
  /** What the user gave. */
  readonly #given: Addresses;
  /** Where each of them leads by now: a server may have moved. */
  #homes: string[];
  /** Whose turn it is. */
  #turn = 0;
  /** Where the latest attempt goes. */
  url: string;
  /** Where this server has moved to, if this attempt brings a link. */
  #moved: string | undefined;

  constructor(given: Addresses) {
    this.#given = given;
    this.#homes = this.#own();
    this.url = this.#homes[0] ?? "";
  }

  /** Where the attempt goes, or whom to ask; `undefined` when its server reference leads nowhere. */
  next({ permanent, serverReference }: PrepareRecord): string | AddressProvider | undefined {
    if (permanent && !serverReference) this.#homes = this.#own();
    const url = serverReference ? followed(serverReference, this.url) : this.#homes[this.#turn];
    this.#moved = permanent ? url : undefined;
    this.url = url ?? this.url;
    return url ?? (serverReference || typeof this.#given !== "function" ? undefined : this.#given);
  }

  /** There is a link: a server that has moved is found there from now on. A function knows better, and is asked again. */
  stay(): void {
    if (this.#moved !== undefined && this.#homes.length > 0) this.#homes[this.#turn] = this.#moved;
  }

  /** The next attempt is to have this number: 1 after a link that held, and then the preferred server comes first; else the next one has its turn, if it `failed`. */
  turn(attempt: number, failed: boolean): void {
    if (attempt === 1) this.home();
    else if (failed) this.#turn = (this.#turn + 1) % Math.max(this.#homes.length, 1);
  }

  /** The preferred server has its turn. */
  home(): void {
    this.#turn = 0;
  }

  /** Whether the client is at another server than the preferred one. */
  get away(): boolean {
    return this.#turn > 0;
  }

  /** Where the preferred server is, if there are several. */
  get preferred(): string {
    return this.#homes[0] ?? "";
  }

  #own(): string[] {
    return typeof this.#given === "function" ? [] : [...this.#given];
  }
}
