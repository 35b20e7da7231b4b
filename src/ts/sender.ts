// Carries deliveries from a worker to its page, in batches that the page has time for.
import { Batch } from "./batch.js";
import { comesBack } from "./commands.js";
import type { Hear } from "./place.js";
import { KIND, kindOf, lengthOf } from "./records.js";
import type { FromWorker } from "./worker-place.js";

/** Time between two batches that are not worth a wake by themselves, in ms: a page that is woken for each of 20,000 messages a second does little else. The longer one follows a batch of a stream. */
const [GAP, LONG_GAP] = [1, 4];
/** From so many deliveries on a batch is one of a stream. */
const STREAM = 4;

/** Sends deliveries to the page, and the next ones when it has taken those: a page that is busy is not woken more often than it can listen. */
export class Sender {
  readonly #post: (message: FromWorker, transfer?: ArrayBuffer[]) => void;
  readonly #channel = new MessageChannel();
  /** In order; the last one takes what comes. */
  #batches = [new Batch()];
  /** Whether what comes belongs into a task of its own. */
  #closed = false;
  #taken = true;
  #due = false;
  #last = 0;
  #gap = GAP;
  /** Deliveries since the last batch. */
  #heard = 0;
  #spent: ArrayBuffer | undefined;

  constructor(post: (message: FromWorker, transfer?: ArrayBuffer[]) => void) {
    this.#post = post;
    this.#channel.port1.onmessage = this.#onTime;
  }

  readonly hear: Hear = (frame, words, at, end) => {
    if (this.#closed) this.#batches.push(new Batch());
    this.#batches.at(-1)?.add(frame, words, at, end);
    this.#closed = frame === undefined && tellsStored(words, at, end);
    this.#heard += 1;
    this.#wake();
  };

  /** The page has taken the last batch, and gives its words back. */
  taken(words: ArrayBuffer): void {
    this.#taken = true;
    this.#batches[0]?.giveBack(words);
    if (this.#batches[0]?.isEmpty === false) this.#wake();
  }

  /** The block of commands in this buffer is performed. It goes back with the next batch, such as tells of the publish in it: a message of its own would wake the page once more. */
  spent(buffer: ArrayBuffer): void {
    if (comesBack(buffer)) this.#spent = buffer;
  }

  /** Sends all that there is, and then `message`. */
  post(message: FromWorker): void {
    while (this.#send());
    this.#post(message);
  }

  /** There is something for the page: what is next goes at once if it is much, or else when it is time. */
  #wake(): void {
    if (!this.#taken) return;
    if (this.#batches[0]?.isWorthAWake) this.#next();
    else if (!this.#due) {
      this.#due = true;
      const wait = this.#wait();
      if (wait > 0)
        setTimeout(this.#onTime, Math.ceil(wait)); // less than one is none
      // Behind the frames that wait already, which may then travel in the same batch.
      else this.#channel.port2.postMessage(0);
    }
  }

  readonly #onTime = (): void => {
    this.#due = false;
    if (!this.#taken || this.#batches[0]?.isEmpty !== false) return;
    // A batch may have gone since this was asked for.
    if (this.#wait() > 0) this.#wake();
    else this.#next();
  };

  /** Time until the next batch is due, in ms. */
  #wait(): number {
    return this.#last + this.#gap - performance.now();
  }

  /** Sends a batch to a page that has time for it. */
  #next(): void {
    if (!this.#send()) return;
    this.#taken = false;
    this.#last = performance.now();
    this.#gap = this.#heard < STREAM ? GAP : LONG_GAP;
    this.#heard = 0;
  }

  /** Sends a batch; false if there is nothing in it. */
  #send(): boolean {
    const [batch] = this.#batches;
    if (batch === undefined || batch.isEmpty) return false;
    const message = batch.take(this.#spent);
    this.#spent = undefined;
    if (this.#batches.length > 1) this.#batches.shift();
    else this.#closed = false;
    this.#post(message, [...message]);
    return true;
  }
}

/** A promise that these records settle is to be seen before what follows them: who waits for "stored" wants to know a message when its outcome comes. */
function tellsStored(words: Uint32Array, from: number, end: number): boolean {
  for (let at = from; at < end; at += lengthOf(words[at] as number)) if (kindOf(words[at] as number) === KIND.stored) return true;
  return false;
}
