// What the tests do to databases from outside, and to this page's IndexedDB.

const done = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

/** What is stored: version, names of the object stores, and the segments by number. */
export async function look(name) {
  const database = await done(indexedDB.open(name));
  const stores = [...database.objectStoreNames];
  const log = stores.includes("log") && database.transaction("log").objectStore("log");
  const stored = {
    version: database.version,
    stores: stores.join(),
    numbers: log ? await done(log.getAllKeys()) : [],
    segments: log ? await done(log.getAll()) : [],
  };
  database.close();
  return stored;
}

/** Makes a database of this version with these values in its log, from number 1 on. */
export async function make(name, version, values) {
  const request = indexedDB.open(name, version);
  request.onupgradeneeded = () => {
    const log = request.result.createObjectStore("log");
    for (const [at, value] of values.entries()) log.put(value, at + 1);
  };
  (await done(request)).close();
}

/** Deletes a database; resolves when it is gone. */
export async function remove(name) {
  await done(indexedDB.deleteDatabase(name));
}

/** Lets another connection upgrade a database. */
export async function upgrade(name) {
  (await done(indexedDB.open(name, 99))).close();
}

/** Keeps the next ones from opening a database: one connection that stays, and behind it somebody who wants to delete. Returns how to end it. */
export async function block(name) {
  const database = await done(indexedDB.open(name, 1));
  const removed = done(indexedDB.deleteDatabase(name));
  return async () => {
    database.close();
    await removed;
  };
}

/** Runs the timers of the store (and of nobody else) in a twentieth of the time. Returns how to end it. */
export function hurry() {
  const real = globalThis.setTimeout;
  globalThis.setTimeout = (run, delay) => real(run, [10_000, 60_000].includes(delay) ? delay / 20 : delay);
  return () => {
    globalThis.setTimeout = real;
  };
}

/** Aborts the next commits, as a full disk would. */
export function abortCommits(count) {
  const real = IDBTransaction.prototype.commit;
  let left = count;
  IDBTransaction.prototype.commit = function () {
    left--;
    if (left === 0) IDBTransaction.prototype.commit = real;
    this.abort();
  };
}

/** Lets the next commits neither complete nor abort, until another one is asked for. Returns how to let them complete anyway. */
export function hangCommits(count) {
  const real = IDBTransaction.prototype.commit;
  let [left, over] = [count, false];
  const end = () => {
    IDBTransaction.prototype.commit = real;
    over = true;
  };
  IDBTransaction.prototype.commit = function () {
    const log = this.objectStore("log");
    // A transaction stays open as long as it is asked for more.
    const ask = () => {
      if (!over) log.count().onsuccess = ask;
    };
    if (left === 0) end();
    else ask();
    left--;
  };
  return end;
}

/** A disk from which no log can be read. Returns how to end it. */
export function spoilReads() {
  const real = IDBObjectStore.prototype.getAll;
  IDBObjectStore.prototype.getAll = () => {
    throw new DOMException("bad sector", "UnknownError");
  };
  return () => {
    IDBObjectStore.prototype.getAll = real;
  };
}

/** No database can be deleted. Returns how to end it. */
export function keepDatabases() {
  const real = IDBFactory.prototype.deleteDatabase;
  IDBFactory.prototype.deleteDatabase = () => {
    throw new DOMException("bad sector", "UnknownError");
  };
  return () => {
    IDBFactory.prototype.deleteDatabase = real;
  };
}

/** Lets the next segments not be taken at all. */
export function refuseSegments(count) {
  const real = IDBObjectStore.prototype.put;
  let left = count;
  IDBObjectStore.prototype.put = () => {
    left--;
    if (left === 0) IDBObjectStore.prototype.put = real;
    throw new DOMException("no room", "QuotaExceededError");
  };
}

/** A page without IndexedDB. Returns how to end it. */
export function withoutIndexedDb() {
  const real = globalThis.indexedDB;
  const set = (value) => Object.defineProperty(globalThis, "indexedDB", { value, configurable: true });
  set(undefined);
  return () => set(real);
}
