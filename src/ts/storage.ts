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
  unavailable: "Nothing can be stored: the page needs https, and leave to store data.",
  blocked: "Another page blocks the database: close or reload it.",
  quota: "There is no room left for this site's data.",
  aborted: "The browser could not store a change.",
  damaged: "What was stored is gone or makes no sense: the session begins anew.",
  deleted: "The database was deleted by somebody else.",
  other: "The store has failed.",
};

/** What a STORAGE record says. */
export function storageOf({ durability, reason, detail }: StorageRecord): StorageState {
  const where = durability === "memory" ? " The session is in memory only." : "";
  const words = detail ? ` (${detail})` : "";
  return { durability, reason, detail: detail || undefined, message: `${TEXTS[reason]}${words}${where}` };
}
