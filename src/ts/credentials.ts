// Who the client is, asked for each attempt: the answer to PREPARE.
import { binary, fields, text } from "./check.js";
import type { EngineHost } from "./engine.js";
import type { Credentials, CredentialsProvider } from "./options.js";
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
  readonly #url: string;
  readonly #credentials: Credentials | CredentialsProvider | undefined;
  #pending: AbortController | undefined;

  constructor(host: EngineHost, url: string, credentials: Credentials | CredentialsProvider | undefined) {
    this.#host = host;
    this.#url = url;
    this.#credentials = credentials;
  }

  prepare(attempt: number): void {
    this.giveUp();
    const given = this.#credentials;
    if (typeof given === "function") this.#ask(attempt, given);
    else this.#answer(attempt, given);
  }

  /** The attempt is over: whoever is still asked for its credentials is told so. */
  giveUp(): void {
    this.#pending?.abort();
    this.#pending = undefined;
  }

  #ask(attempt: number, provider: CredentialsProvider): void {
    const pending = new AbortController();
    this.#pending = pending;
    const current = (): boolean => this.#pending === pending && !pending.signal.aborted;
    // Called inside a promise, so that a provider that throws is as good as one that rejects.
    new Promise((resolve) => resolve(provider({ attempt, signal: pending.signal })))
      .then((credentials) => {
        if (current()) this.#answer(attempt, checkCredentials("credentials()", credentials));
      })
      .catch((error: unknown) => {
        if (current()) this.#host.addressFailed(attempt, error instanceof Error ? error.message : String(error));
      });
  }

  #answer(attempt: number, credentials: Credentials | undefined): void {
    this.#pending = undefined;
    const password = credentials?.password;
    this.#host.address(attempt, this.#url, credentials?.username, typeof password === "string" ? encodeText(password) : password);
  }
}
