// Who the client is, asked for each attempt: the answer to PREPARE.
import { type Authenticator, wordsOf } from "./authenticator.js";
import type { Cause } from "./cause.js";
import { binary, fields, text } from "./check.js";
import type { EngineHost } from "./engine.js";
import type { Credentials, CredentialsProvider, CredentialsRequest } from "./options.js";
import type { PrepareRecord } from "./records.js";
import { followed } from "./server-reference.js";
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
  /** What the user gave. */
  readonly #own: string;
  /** Where attempts go unless they are sent elsewhere. */
  #home: string;
  #url: string;
  /** Where all later attempts go, if this one brings a link. */
  #moved: string | undefined;
  readonly #credentials: Credentials | CredentialsProvider | undefined;
  readonly #authenticator: Authenticator;
  #pending: AbortController | undefined;

  constructor(host: EngineHost, url: string, credentials: Credentials | CredentialsProvider | undefined, authenticator: Authenticator) {
    this.#host = host;
    this.#authenticator = authenticator;
    this.#own = this.#home = this.#url = url;
    this.#credentials = credentials;
  }

  /** `cause`: why the attempt or the link before has ended. */
  prepare({ attempt, permanent, serverReference }: PrepareRecord, cause: Cause | undefined): void {
    this.giveUp();
    if (permanent && !serverReference) this.#home = this.#own;
    const url = serverReference ? followed(serverReference, this.#url) : this.#home;
    this.#moved = permanent ? url : undefined;
    if (url === undefined) {
      this.#host.addressFailed(attempt);
      return;
    }
    this.#url = url;
    const given = this.#credentials;
    if (typeof given === "function" || this.#authenticator.wanted) this.#ask({ attempt, url, cause }, given);
    else this.#answer(attempt, given);
  }

  /** Where the latest attempt goes. */
  get url(): string {
    return this.#url;
  }

  /** There is a link: a server that the client has moved to is where it stays. */
  stay(): void {
    this.#home = this.#moved ?? this.#home;
  }

  /** The attempt is over: whoever is still asked for its credentials is told so. */
  giveUp(): void {
    this.#pending?.abort();
    this.#pending = undefined;
  }

  #ask(about: Omit<CredentialsRequest, "signal">, given: Credentials | CredentialsProvider | undefined): void {
    const { attempt, url } = about;
    const pending = new AbortController();
    const { signal } = pending;
    this.#pending = pending;
    // Inside a promise, so that a provider that throws is as good as one that rejects.
    const answer = async (): Promise<void> => {
      const credentials = typeof given === "function" ? checkCredentials("credentials()", await given({ ...about, signal })) : given;
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
    });
  }

  #answer(attempt: number, credentials: Credentials | undefined, authentication?: Uint8Array): void {
    this.#pending = undefined;
    const password = credentials?.password;
    const bytes = typeof password === "string" ? encodeText(password) : password;
    this.#host.address(attempt, this.#url, credentials?.username, bytes, authentication);
  }
}
