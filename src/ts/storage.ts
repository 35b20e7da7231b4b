// Where a session is kept, and what went wrong with that.
import type { DURABILITIES, STORAGE_REASONS, StorageRecord } from "./records.js";

/**
 * What the session outlives: nothing, it ends with the page (`"memory"`); page and browser, killed at any instant (`"relaxed"`); a power cut too (`"strict"`).
 *
 * @example
 * const isSafe = (durability: Durability) => durability !== "memory";
 */
export type Durability = (typeof DURABILITIES)[number];

/**
 * Why a session is kept where it is; `"none"`: all is well.
 *
 * @example
 * const isMine = (reason: StorageReason) => reason === "quota" || reason === "deleted";
 */
export type StorageReason = (typeof STORAGE_REASONS)[number];

/**
 * Where the session is kept from now on.
 *
 * @example
 * client.addEventListener("storage", ({ storage }) => {
 *   if (storage.durability === "memory") console.warn(storage.reason, storage.message);
 * });
 */
export interface StorageState {
  readonly durability: Durability;
  readonly reason: StorageReason;
  /** The browser's own words, if it said some. */
  readonly detail: string | undefined;
  /** What happened and what to do, in English, ready to be shown to a developer. */
  readonly message: string;
}

const TEXTS: Readonly<Record<StorageReason, string>> = {
  none: "The session is stored.",
  unavailable: "Nothing can be stored here: serve the page over https, and allow it to store data.",
  blocked: "The database is kept busy by another page: close or reload the other pages of this site.",
  quota: "There is no room left: free some of this site's storage, or publish less while offline.",
  aborted: "The browser could not store a change.",
  damaged: "What was stored makes no sense: the session began anew.",
  deleted: "The database was deleted by somebody else.",
  other: "The store has failed.",
};

/** What a STORAGE record says. */
export function storageOf({ durability, reason, detail }: StorageRecord): StorageState {
  const where = durability === "memory" ? " The session goes on in memory, and ends with this page." : "";
  const words = detail ? ` (${detail})` : "";
  return { durability, reason, detail: detail || undefined, message: `${TEXTS[reason]}${words}${where}` };
}
