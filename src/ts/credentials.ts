// Where to and as whom, asked for each attempt: the answer to PREPARE.
import { type AddressProvider, checkAddress, withoutQuery } from "./address.js";
import { type Authenticator, wordsOf } from "./authenticator.js";
import type { Cause } from "./cause.js";
import { binary, fields, text } from "./check.js";
import type { EngineHost } from "./engine.js";
import type { Credentials } from "./options.js";
import type { PrepareRecord } from "./records.js";
import { Route } from "./route.js";
import type { Settings } from "./settings.js";
import type { Status } from "./status.js";
import { encodeText } from "./text.js";

/** Checks user name and password, as an option or as what a provider gave. */
export function checkCredentials(option: string, value: unknown): Credentials {
  const { username, password } = fields(option, value, ["username", "password"]);
  return {
    username: username === undefined ? undefined : text(`${option}.username`, username),
    password: password === undefined ? undefined : binary(`${option}.password`, password),
  };
}

/** Answers each PREPARE with the address and fresh credentials. One attempt at a time: a new one gives up the one before. */
export class AddressBook {
  readonly #host: EngineHost;
  readonly #settings: Settings;
  readonly #authenticator: Authenticator;
  readonly #route: Route;
  #pending: AbortController | undefined;
  /** Ends the patience with the function that is being asked. */
  #late: ReturnType<typeof setTimeout> | undefined;

  constructor(host: EngineHost, settings: Settings, authenticator: Authenticator) {
    this.#host = host;
    this.#settings = settings;
    this.#authenticator = authenticator;
    this.#route = new Route(settings.addresses);
  }

  /** `cause`: why the attempt or the link before has ended. */
  prepare(record: PrepareRecord, cause: Cause | undefined): void {
    this.giveUp();
    const { attempt } = record;
    const next = this.#route.next(record);
    const { credentials } = this.#settings;
    if (next === undefined) this.#host.addressFailed(attempt);
    else if (typeof next === "function" || typeof credentials === "function" || this.#authenticator.wanted) this.#ask(attempt, cause, next);
    else this.#answer(attempt, credentials);
  }

  /** Where the latest attempt goes. */
  get url(): string {
    return this.#route.url;
  }

  /** The same, as the status tells it. */
  get shown(): string {
    return withoutQuery(this.#route.url);
  }

  changed(status: Status): void {
    this.#authenticator.linked = status.state === "online";
    if (status.state === "online") this.#route.stay();
    if (status.state === "waiting") this.#route.turn(status.attempt);
    if (status.state !== "connecting" || status.phase !== "address") this.giveUp();
  }

  end(): void {
    this.#authenticator.linked = false;
    this.giveUp();
  }

  /** The attempt is over: whoever is still asked for it is told so. */
  giveUp(): void {
    clearTimeout(this.#late);
    this.#pending?.abort();
    this.#pending = undefined;
  }

  #ask(attempt: number, cause: Cause | undefined, next: string | AddressProvider): void {
    const pending = new AbortController();
    const { signal } = pending;
    this.#pending = pending;
    const { credentials: given } = this.#settings;
    // Inside a promise, so that a function that throws is as good as one that rejects.
    const answer = async (): Promise<void> => {
      const request = { attempt, cause, signal };
      const url = typeof next === "function" ? checkAddress("url()", await this.#inTime("url", () => next(request))) : next;
      if (signal.aborted) return;
      this.#route.url = url;
      const credentials =
        typeof given === "function"
          ? checkCredentials("credentials()", await this.#inTime("credentials", () => given({ ...request, url })))
          : given;
      if (signal.aborted) return;
      const authentication = await this.#authenticator.first(url, signal).catch((error: unknown) => {
        if (!signal.aborted) this.#host.authenticationFailed(attempt, wordsOf(error));
        pending.abort();
        return undefined;
      });
      if (!signal.aborted) this.#answer(attempt, credentials, authentication);
    };
    answer().catch((error: unknown) => {
      if (!signal.aborted) this.#host.addressFailed(attempt, wordsOf(error));
      pending.abort();
    });
  }

  /** What a function of the user gives, unless it takes too long. */
  async #inTime<T>(option: string, ask: () => T | Promise<T>): Promise<T> {
    const { credentialsTimeout: limit } = this.#settings;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`\`${option}\` gave no answer within ${limit} ms`)), limit);
    });
    this.#late = timer; // who is given up may never answer
    return Promise.race([(async () => ask())(), late]).finally(() => clearTimeout(timer));
  }

  #answer(attempt: number, credentials: Credentials | undefined, authentication?: Uint8Array): void {
    this.#pending = undefined;
    const password = credentials?.password;
    const bytes = typeof password === "string" ? encodeText(password) : password;
    this.#host.address(attempt, this.#route.url, credentials?.username, bytes, authentication);
  }
}
