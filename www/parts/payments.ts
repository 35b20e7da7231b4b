// Payments at QoS 2, and the proof: the till books every charge it gets without looking, and publishes its ledger.
import type { Client } from "hawser";
import { make, part, write } from "../lib/dom.js";
import { count, counted } from "../lib/format.js";

/** How a payment fares. `unknown`: the broker lost the session meanwhile, so nobody can tell. */
type PaymentState = "flying" | "sent" | "booked" | "twice" | "unknown";

/** The till's own book, retained. */
interface Ledger {
  readonly processed: number;
  readonly duplicates: number;
  readonly latest: readonly (readonly [id: string, times: number])[];
}

/** How many payments are drawn. */
const CELLS = 45;
const CENTS = 450;
/** "No matching subscribers": the broker took the charge when no till listened. */
const NOBODY_LISTENS = 0x10;

class Payments {
  readonly #states = new Map<string, PaymentState>();
  sent = 0;

  begin(id: string): void {
    this.sent += 1;
    this.#states.set(id, "flying");
    const [oldest] = this.#states.keys();
    if (this.#states.size > CELLS && oldest !== undefined) this.#states.delete(oldest);
  }

  /** A booked charge stays booked, whatever the acknowledgement says later. */
  settle(id: string, state: "sent" | "unknown"): void {
    if (this.#states.get(id) === "flying") this.#states.set(id, state);
  }

  booked(id: string, times: number): void {
    if (this.#states.has(id)) this.#states.set(id, times > 1 ? "twice" : "booked");
  }

  get states(): PaymentState[] {
    return [...this.#states.values()];
  }
}

export function mountPayments(client: Client): void {
  const card = part(document, "pay", HTMLElement);
  const cells = part(card, "cells", HTMLElement);
  const note = part(card, "pay-note", HTMLElement);
  const payments = new Payments();
  const till = crypto.randomUUID().slice(0, 8);
  for (let cell = 0; cell < CELLS; cell++) cells.append(make("i"));

  const show = () => {
    write(part(card, "sent", HTMLElement), count(payments.sent));
    const states = payments.states;
    for (const [index, cell] of [...cells.children].entries()) cell.setAttribute("data-state", states[index] ?? "none");
    const [tone, text] = verdict(states);
    note.dataset.tone = tone;
    write(note, text);
  };

  client.subscribe(`till/${till}/ledger`, { qos: 1 }, (message) => {
    const ledger = message.json<Ledger>();
    for (const [id, times] of ledger.latest) payments.booked(id, times);
    write(part(card, "processed", HTMLElement), count(ledger.processed));
    const duplicates = part(card, "duplicates", HTMLElement);
    write(duplicates, count(ledger.duplicates));
    duplicates.parentElement?.toggleAttribute("data-broken", ledger.duplicates > 0);
    show();
  });

  const pay = async () => {
    const id = `${till}-${payments.sent + 1}`;
    payments.begin(id);
    show();
    try {
      const { reasonCode } = await client.publish(`till/${till}/charge`, { id, cents: CENTS }, { qos: 2 });
      payments.settle(id, reasonCode === NOBODY_LISTENS ? "unknown" : "sent");
    } catch {
      payments.settle(id, "unknown");
    }
    show();
  };
  part(card, "pay-one", HTMLButtonElement).addEventListener("click", () => void pay());
  part(card, "pay-ten", HTMLButtonElement).addEventListener("click", () => {
    for (let payment = 0; payment < 10; payment++) void pay();
  });
}

function verdict(states: readonly PaymentState[]): ["" | "ok" | "bad", string] {
  const number = (state: PaymentState) => states.filter((other) => other === state).length;
  if (number("twice") > 0) return ["bad", `${counted(number("twice"), "payment")} booked twice.`];
  const flying = number("flying");
  if (flying > 0)
    return ["", `${counted(flying, "payment")} under way, safe with the engine until the till has ${flying === 1 ? "it" : "them"}.`];
  const unknown = number("unknown");
  if (unknown > 0) return ["", `${counted(unknown, "payment")} reported as unknown: the broker lost its memory meanwhile.`];
  return states.length > 0 ? ["ok", "Each booked exactly once."] : ["", "Pay, and hurt the link meanwhile."];
}
