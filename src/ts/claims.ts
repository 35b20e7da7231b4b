// What the ledger was asked: whether a message was seen before.
import type { DedupeSettings } from "./dedupe.js";
import type { Holder } from "./deliveries.js";
import type { EngineHost } from "./engine.js";
import type { Arrival } from "./line.js";
import type { Tokens } from "./tokens.js";

interface Claim {
  readonly key: string;
  readonly value: number;
  /** Which message it was made for. */
  readonly message: number;
  readonly arrivals: [Holder, Arrival][];
}

export class Claims {
  readonly #host: EngineHost;
  readonly #tokens: Tokens;
  readonly #open = new Map<number, Claim>();
  /** The same by message, until one of its claims is answered: then all who ask about it have asked. */
  readonly #asked = new Map<number, Claim[]>();
  /** Tells messages of QoS 0 apart, below 0. */
  #serial = 0;

  constructor(host: EngineHost, tokens: Tokens) {
    this.#host = host;
    this.#tokens = tokens;
  }

  /** Another message follows. */
  next(): void {
    this.#serial -= 1;
  }

  /** Asks about a message. Subscriptions that ask the same about one message share the answer: it is fresh for all of them. Throws a DedupeError. */
  ask(holder: Holder, arrival: Arrival, { prefix, rule, ttl, read }: DedupeSettings): void {
    const { key: own, value } = read(arrival.message);
    const key = prefix + own;
    const message = arrival.ticket?.delivery ?? this.#serial;
    arrival.key = `${own}`;
    arrival.verdict = undefined;
    const asked = this.#asked.get(message) ?? [];
    const same = asked.find((claim) => claim.key === key && claim.value === value);
    if (same !== undefined) {
      same.arrivals.push([holder, arrival]);
      return;
    }
    const token = this.#tokens.next();
    const claim: Claim = { key, value, message, arrivals: [[holder, arrival]] };
    this.#asked.set(message, [...asked, claim]);
    this.#open.set(token, claim);
    this.#host.claim(token, arrival.ticket?.delivery ?? 0, key, rule, value, ttl);
  }

  /** There is another engine, which was asked nothing yet. */
  restart(): void {
    this.#open.clear();
    this.#asked.clear();
  }

  /** A CLAIMED record. */
  answered(token: number, verdict: number, missing: number): void {
    const claim = this.#open.get(token);
    if (claim === undefined) return;
    this.#open.delete(token);
    this.#asked.delete(claim.message);
    for (const [at, [holder, arrival]] of claim.arrivals.entries()) {
      arrival.missing = at === 0 ? missing : 0; // told once
      arrival.verdict = verdict;
      holder.advance();
    }
  }
}
