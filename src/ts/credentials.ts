// Where to and as whom, asked for each attempt: the answer to PREPARE.
import { type AddressProvider, checkAddress, withoutQuery } from "./address.js";
import { Alarm } from "./alarm.js";
import type { Authenticator } from "./authenticator.js";
import type { Cause } from "./cause.js";
import { binary, fields, text } from "./check.js";
import { openEarly } from "./early-socket.js";
import type { EngineHost } from "./engine.js";
import type { Credentials, CredentialsRequest } from "./options.js";
import type { PrepareRecord } from "./records.js";
import { lifeOf, Renewal } from "./renewal.js";
import { Route } from "./route.js";
import type { Settings } from "./settings.js";
import type { Status } from "./status.js";
import { encodeText } from "./text.js";
import { wordsOf } from "./thrown.js";

/** Checks user name and password, as an option or as what a provider gave. */
export function checkCredentials(option: string, value: unknown): Credentials {
  const { username, password } = fields(option, value, ["username", "password"]);
  return {
    username: username === undefined ? undefined : text(`${option}.username`, username),
    password: password === undefined ? undefined : binary(`${option}.password`, password),
  };
}

/** What a function gave, and for how many seconds. */
function checkFresh(value: unknown): { readonly credentials: Credentials; readonly life: number | undefined } {
  const { expiresIn, ...rest } = fields("credentials()", value, ["username", "password", "expiresIn"]);
  return { credentials: checkCredentials("credentials()", rest), life: lifeOf("credentials().expiresIn", expiresIn) };
}

/** Answers each PREPARE with the address and fresh credentials. One attempt at a time: a new one gives up the one before. */
export class AddressBook {
  readonly #host: EngineHost;
  readonly #settings: Settings;
  readonly #authenticator: Authenticator;
  readonly #report: (error: unknown) => void;
  readonly #route: Route;
  readonly #renewal = new Renewal(
    "credentials().expiresIn",
    () => this.#renew(),
    (error) => this.#report(error),
  );
  readonly #return = new Alarm(() => this.#look());
  /** Finds out whether the preferred server is there. */
  #probe: WebSocket | undefined;
  /** Credentials that were asked for on the live link, and where they go: a query may be signed anew each time. */
  #fresh: { readonly to: string; readonly credentials: Credentials | undefined } | undefined;
  #attempt = 0;
  /** Whether there was an attempt since the client waited: page events change what it waits for, not whose turn it is. */
  #tried = false;
  /** Whether the first attempt has its answer before it asks: where nobody has to be asked, that costs a start no way to the page and back. */
  #answered = false;
  #state: Status["state"] = "idle";
  #pending: AbortController | undefined;
  /** Ends the patience with the function that is being asked. */
  #late: ReturnType<typeof setTimeout> | undefined;

  constructor(host: EngineHost, settings: Settings, authenticator: Authenticator, report: (error: unknown) => void) {
    this.#host = host;
    this.#settings = settings;
    this.#authenticator = authenticator;
    this.#report = report;
    this.#route = new Route(settings.addresses);
    const { addresses, credentials } = settings;
    if (typeof addresses === "function" || typeof credentials === "function" || authenticator.wanted) return;
    this.prepare({ attempt: 1, permanent: false, serverReference: "" }, undefined);
    this.#answered = true;
  }

  /** `cause`: why the attempt or the link before has ended. */
  prepare(record: PrepareRecord, cause: Cause | undefined): void {
    const { attempt, serverReference } = record;
    this.#tried = true;
    const answered = this.#answered && attempt === 1 && !serverReference;
    this.#answered = false;
    if (answered) return;
    this.#giveUp();
    this.#attempt = attempt;
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
    this.#state = status.state;
    const linked = status.state === "online";
    this.#host.linked(linked ? status.limits : undefined);
    if (linked) this.#route.stay();
    if (status.state === "waiting") {
      const { attempt, cause, ended } = status;
      // It is no fault of the server that there were no credentials, or that the page was left.
      this.#route.turn(attempt, this.#tried && ended?.phase !== "address" && cause.kind !== "left");
      this.#tried = this.#answered = false; // an engine that is gone has taken the answer with it
      this.#fresh = undefined;
    }
    this.#linked(linked);
    if (status.state === "waiting" || (status.state === "connecting" && status.phase === "address")) this.#authenticator.lost(status.cause);
    if (status.state !== "connecting" || status.phase !== "address") this.#giveUp();
  }

  /** There is a network again: who failed without one may be as good as ever. */
  home(): void {
    if (this.#state === "waiting") this.#route.home();
  }

  /** The client's end; `error` is for whoever waits for an authentication. */
  end(error: unknown): void {
    this.#linked(false);
    this.#authenticator.end(error);
    this.#giveUp();
  }

  /** What goes on only while there is a link. */
  #linked(is: boolean): void {
    this.#authenticator.linked = is;
    this.#renewal.linked = is;
    const { returnAfter } = this.#settings;
    // With a share of chance: those who left together do not come back together.
    this.#return.set(is && returnAfter > 0 && this.#route.away ? Date.now() + returnAfter * (1 + Math.random() / 4) : undefined);
    this.#probe?.close();
    this.#probe = undefined;
  }

  /** The attempt is over: whoever is still asked for it is told so. */
  #giveUp(): void {
    clearTimeout(this.#late);
    this.#pending?.abort();
    this.#pending = undefined;
  }

  #ask(attempt: number, cause: Cause | undefined, next: string | AddressProvider): void {
    const pending = new AbortController();
    const { signal } = pending;
    this.#pending = pending;
    // Inside a promise, so that a function that throws is as good as one that rejects.
    const answer = async (): Promise<void> => {
      const request = { attempt, cause, signal };
      const url = typeof next === "function" ? checkAddress("url()", await this.#inTime("url", () => next(request))) : next;
      if (signal.aborted) return;
      this.#route.url = url;
      const credentials = await this.#credentials({ ...request, url });
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

  async #credentials(request: CredentialsRequest): Promise<Credentials | undefined> {
    const { credentials: given } = this.#settings;
    if (typeof given !== "function") return given;
    const fresh = this.#fresh;
    this.#fresh = undefined;
    if (fresh?.to === this.shown) return fresh.credentials;
    const { credentials, life } = checkFresh(await this.#inTime("credentials", () => given(request)));
    if (!request.signal.aborted) this.#renewal.lasts(life);
    return credentials;
  }

  /** Asks for credentials before the link is given up for them: while there are none, it is better than nothing. */
  async #renew(): Promise<void> {
    if (this.#pending !== undefined) return;
    const pending = new AbortController();
    this.#pending = pending;
    this.#fresh = undefined;
    const { url } = this;
    const { signal } = pending;
    try {
      const credentials = await this.#credentials({ attempt: this.#attempt, cause: undefined, url, signal });
      if (signal.aborted) return;
      this.#fresh = { to: this.shown, credentials };
      this.#host.renew();
    } catch (error) {
      if (!signal.aborted) this.#report(error);
      pending.abort();
    }
    if (this.#pending === pending) this.#pending = undefined;
  }

  /** The client goes back when the preferred server opens a WebSocket: no working link is given up for a server that is still away. */
  #look(): void {
    const probe = openEarly(this.#route.preferred)?.socket;
    this.#probe = probe;
    const done = (go: () => void) => (): void => {
      if (this.#probe === probe) go();
    };
    probe?.addEventListener(
      "close",
      done(() => this.#linked(true)),
    );
    probe?.addEventListener(
      "open",
      done(() => {
        this.#route.home();
        this.#host.renew();
      }),
    );
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
