// Asks the user's `respond` whenever the engine wants the next step of an authentication, and settles what `reauthenticate()` promised.
import { type Authentication, type AuthenticationStep, answerOf } from "./authentication.js";
import type { Cause } from "./cause.js";
import type { EngineHost } from "./engine.js";
import { AuthenticationError } from "./errors/authentication-error.js";
import { AUTHENTICATION_FAILED } from "./failures.js";
import type { PropertyValues } from "./properties.js";
import type { AuthenticateRecord } from "./records.js";
import { Renewal } from "./renewal.js";
import { wordsOf } from "./thrown.js";
import type { Tokens } from "./tokens.js";

const STEPS: Readonly<Record<number, AuthenticationStep>> = { 0: "done", 24: "challenge", 25: "reauthenticate" };

/** A re-authentication that is not settled. */
interface Running {
  readonly token: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export class Authenticator {
  readonly #host: EngineHost;
  readonly #tokens: Tokens;
  readonly #given: Authentication | undefined;
  #pending: AbortController | undefined;
  /** Settles when what was asked last is answered. */
  #answered = Promise.resolve();
  #running: Running | undefined;
  readonly #renewal: Renewal;

  constructor(host: EngineHost, tokens: Tokens, given: Authentication | undefined, report: (error: unknown) => void) {
    this.#host = host;
    this.#tokens = tokens;
    this.#given = given;
    // If it fails, the link ends, and the status says why.
    const again = (): void => void this.reauthenticate().catch(() => undefined);
    this.#renewal = new Renewal("authentication.respond().expiresIn", again, report);
  }

  /** Whether there is a link. */
  set linked(is: boolean) {
    this.#renewal.linked = is;
  }

  /** Whether CONNECT wants data that only {@link first} gives. */
  get wanted(): boolean {
    return this.#given !== undefined;
  }

  /** The data for CONNECT. */
  first(url: string, signal: AbortSignal): Promise<Uint8Array | undefined> {
    return this.#ask("connect", {}, url, signal);
  }

  /** AUTHENTICATE: the engine wants the next step; `said` is what the broker sent with it. */
  asked({ step, exchange }: AuthenticateRecord, said: PropertyValues, url: string): void {
    this.giveUp();
    const pending = new AbortController();
    this.#pending = pending;
    const { signal } = pending;
    this.#answered = this.#ask(STEPS[step] ?? "challenge", said, url, signal)
      .then((data) => {
        if (!signal.aborted) this.#host.authenticate(exchange, data);
      })
      .catch((error: unknown) => {
        if (!signal.aborted) this.#host.authenticationFailed(exchange, wordsOf(error));
      });
  }

  async #ask(step: AuthenticationStep, said: PropertyValues, url: string, signal: AbortSignal): Promise<Uint8Array | undefined> {
    const { authenticationData: data, reasonString, userProperties = [] } = said;
    const answer = await this.#given?.respond({ step, data, reasonString, userProperties, url, signal });
    if (step === "done") return undefined;
    const { data: bytes, life } = answerOf(answer);
    // What is said to a challenge belongs to what the exchange began with.
    if (!signal.aborted && (life !== undefined || step !== "challenge")) this.#renewal.lasts(life);
    return bytes;
  }

  reauthenticate(): Promise<void> {
    if (!this.wanted) return Promise.reject(new AuthenticationError("not-configured"));
    if (this.#running !== undefined) return Promise.reject(new AuthenticationError("unavailable"));
    return new Promise((resolve, reject) => {
      const token = this.#tokens.next();
      this.#running = { token, resolve, reject };
      // A client that has just come online is still looking at the broker's last word.
      void this.#nothingAsked().then(() => {
        if (this.#running?.token === token) this.#host.reauthenticate(token);
      });
    });
  }

  /** The listener that hears of the link is called before what is asked with it. */
  async #nothingAsked(): Promise<void> {
    for (let answered: Promise<void> | undefined; answered !== this.#answered; ) {
      answered = this.#answered;
      await answered;
    }
  }

  /** DONE: the end of a re-authentication. Of one that the link did not survive the STATUS tells, with its cause. */
  done(token: number, code: number): void {
    if (token !== this.#running?.token || code === AUTHENTICATION_FAILED) return;
    if (code === 0) this.#running.resolve();
    else this.#running.reject(new AuthenticationError("unavailable"));
    this.#running = undefined;
  }

  /** The link is gone. */
  lost(cause: Cause | undefined): void {
    this.#quit(() => new AuthenticationError("failed", cause));
  }

  /** The client is gone: who waits for the end of an authentication is told `error`. */
  end(error: unknown): void {
    this.#quit(() => error);
  }

  /** No answer is wanted any more. */
  #quit(error: () => unknown): void {
    this.giveUp();
    this.#answered = Promise.resolve();
    this.#running?.reject(error());
    this.#running = undefined;
  }

  giveUp(): void {
    this.#pending?.abort();
    this.#pending = undefined;
  }
}
