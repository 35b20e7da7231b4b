// The database of a stored session: a log of segments, one for each commit, under rising numbers. On this side of the boundary, because every
// call to IndexedDB through the bindings would be a wrapper in wasm and another one here.

const LOG = "log";

/** A database that is deleted as soon as it is there. */
const SCRATCH = "hawser";

/** What the name of the mark that there is a log has behind that of its database. */
const KEPT = "/kept";

/** Step n brings a database from version n of the schema to n + 1. A step that was released stays as it is: databases of that version exist. */
const UPGRADES = [(database) => database.createObjectStore(LOG)];

/**
 * Milliseconds the browser may take to open, read, commit or delete: a connection that somebody does not close, or a disk that hangs, can hold it up for
 * ever. A commit takes less than one; ten thousand are beyond what a busy disk takes, and within what somebody waits for `close()`.
 */
const PATIENCE = 10_000;

/** Milliseconds until a store that was lost is looked for again. */
const AGAIN = 60_000;

/**
 * What is told besides reasons: the batch is committed; a batch with everything in it is wanted, for only that can be committed now; the
 * database is open.
 */
const COMMITTED = 0;
const BACK = 8;
const OPENED = 9;

/** Why there is no store, in the numbers of the record STORAGE. */
const UNAVAILABLE = 1;
const BLOCKED = 2;
const ABORTED = 4;
const DELETED = 6;
const OTHER = 7;
const reasonOf = (error, otherwise, late = OTHER) => ({ TimeoutError: late, QuotaExceededError: 3 })[error?.name] ?? otherwise;

/**
 * Has Chromium begin a new file for what changes. A kill may leave half a record at the end of the old one; Chromium would go on behind it, find
 * the file damaged when it is started again, and delete all databases of the origin (google/leveldb#1287). What makes it begin another is that
 * a database is deleted.
 */
function renewFile() {
  if (!("dataLoss" in IDBVersionChangeEvent.prototype)) return; // not Chromium
  const request = indexedDB.open(SCRATCH);
  request.onsuccess = () => {
    request.result.close();
    indexedDB.deleteDatabase(SCRATCH);
  };
}

/** What a promise comes to, in bounded time. */
const inTime = (promise) => {
  let timer;
  const tooLate = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new DOMException("IndexedDB does not answer", "TimeoutError")), PATIENCE);
  });
  return Promise.race([promise, tooLate]).finally(() => clearTimeout(timer));
};

/** What a request or a transaction comes to, in bounded time: what comes of it later is nobody's. */
const result = (asked) =>
  inTime(
    new Promise((resolve, reject) => {
      asked.onsuccess = asked.oncomplete = () => resolve(asked.result);
      // At a transaction also the errors of its requests arrive, which say more than the abort that follows them.
      asked.onerror = asked.onabort = ({ target }) => reject(target.error);
    }),
  );

export class Log {
  #name;
  #options;
  /** Nothing once it is closed. */
  #told;
  #database;
  #timer;
  #last = 0;
  #segments = [];
  #busy = false;
  /** Whether there is a mark that says so of the log. */
  #past = false;
  #waiting = [];

  /** `told(what, detail)` hears what comes of each commit, and when the store is lost or back. */
  constructor(name, strict, told) {
    this.#name = name;
    this.#options = { durability: strict ? "strict" : "relaxed" };
    this.#told = told;
  }

  /** Opens the database, reads it, and resolves when it has told what came of that. */
  async open() {
    try {
      renewFile();
      const log = (await this.#connect()).transaction(LOG).objectStore(LOG);
      const [numbers, segments, past] = await Promise.all([result(log.getAllKeys()), result(log.getAll()), this.#mark("has")]);
      // No segments, but a last number all the same, is what the engine calls damaged.
      this.#last = numbers.at(-1) ?? Number(await this.#mark("has", KEPT));
      this.#past = past;
      this.#segments = past ? [0] : segments; // as good as damaged
    } catch (error) {
      return this.#giveUp(reasonOf(error, UNAVAILABLE, BLOCKED), error);
    }
    // Unless it was lost meanwhile, which is told then.
    if (this.#database) this.#tell(OPENED);
  }

  /** The number of the last segment that was read. */
  last() {
    return this.#last;
  }

  /** The next segment that was read. What is none is given as one without bytes, which the engine calls damaged. */
  next() {
    const segment = this.#segments.shift();
    return segment === undefined || segment instanceof Uint8Array ? segment : new Uint8Array();
  }

  /** Commits a segment; a snapshot takes the place of all that there is. */
  async commit(number, segment, snapshot) {
    const database = this.#database;
    // It was lost, which is told in a moment and answers this too.
    this.#busy = true;
    if (!database) return;
    let what = COMMITTED;
    try {
      const transaction = database.transaction(LOG, "readwrite", this.#options);
      const log = transaction.objectStore(LOG);
      if (snapshot) log.clear();
      log.put(segment.slice(), number); // a copy, or all memory of the module would be stored
      transaction.commit();
      await result(transaction);
      if (snapshot) this.#mark("open", KEPT);
      // Before it counts.
      if (snapshot && this.#past) this.#past = !(await inTime(caches.delete(this.#name)));
    } catch (error) {
      if (database === this.#database && snapshot) return this.#giveUp(reasonOf(error, ABORTED), error);
      // Everything by itself may find the room that it does not find beside its past. If this one is only late, that comes behind it.
      what = BACK;
    }
    if (database === this.#database) this.#tell(what);
  }

  /** Resolves when nothing is left to commit. Later, because calls of the running script are commits only when it is done. */
  async flush() {
    await undefined;
    if (this.#busy) await new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Lets go of the database, which finishes the commit that is under way. Nothing more is told. */
  close() {
    this.#told = undefined;
    clearTimeout(this.#timer);
    this.#disconnect();
    this.#tell();
  }

  async #connect() {
    const request = indexedDB.open(this.#name, UPGRADES.length);
    request.onupgradeneeded = ({ oldVersion }) => {
      for (const step of UPGRADES.slice(oldVersion)) step(request.result);
    };
    try {
      const database = await result(request);
      // Whoever wants to delete or to upgrade it waits for this connection.
      database.onversionchange = ({ newVersion }) => {
        if (newVersion) this.#disconnect();
        this.#giveUp(newVersion ? OTHER : DELETED);
      };
      database.onclose = () => this.#giveUp(DELETED);
      this.#database = database;
      if (!this.#told) this.#disconnect();
      return database;
    } catch (error) {
      request.onsuccess = () => request.result.close();
      throw error;
    }
  }

  /**
   * Sets a mark ("open"), or looks for it ("has"): that the log is past, because it could not be deleted though its session went on without it, or (KEPT) that there
   * is one, because the browser may delete it. It is a cache with nothing in it: IndexedDB cannot be asked then.
   */
  async #mark(what, kind = "") {
    try {
      return await inTime(caches[what](this.#name + kind));
    } catch {
      return false; // there are none, or this context may not use them
    }
  }

  #disconnect() {
    this.#database?.close();
    this.#database = undefined;
  }

  /** Deletes the database, if it is open, and then tells of it: what the session does from now on is not in there, so nobody may go by it. */
  async #giveUp(reason, detail) {
    let left = "";
    if (this.#database) {
      this.#disconnect();
      try {
        await result(indexedDB.deleteDatabase(this.#name));
      } catch (error) {
        this.#past = !!(await this.#mark("open"));
        left = `; not deleted: ${error}`;
      }
    }
    this.#tell(reason, `${detail ?? ""}${left}`);
    this.#lookAgain();
  }

  #tell(what, detail = "") {
    this.#busy = false;
    try {
      this.#told?.(what, detail);
    } catch (error) {
      reportError(error); // or nobody would learn that the engine has failed: promises lead here
    }
    // Unless that was answered with another commit.
    if (!this.#busy) for (const resolve of this.#waiting.splice(0)) resolve();
  }

  #lookAgain() {
    if (!this.#told) return;
    clearTimeout(this.#timer); // it may be lost twice before anybody has looked
    this.#timer = setTimeout(() => {
      this.#connect().then(
        () => this.#tell(BACK),
        () => this.#lookAgain(),
      );
    }, AGAIN);
  }
}
