// The files of the repository, as the rule tests read them.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../setup.mjs";

const list = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], { cwd: ROOT, encoding: "utf8" });

/** All files that are in git or would be added to it. */
export const FILES = list.split("\0").filter((name) => name && existsSync(join(ROOT, name)));

export const read = (name) => readFileSync(join(ROOT, name), "utf8");

/** Lines that match `pattern` in the files that match `where`, as `file:line: text`. Comment lines count only with `comments`. */
export function find(where, pattern, { comments = false } = {}) {
  const isComment = (line) => /^\s*(\/\/|\*|\/\*)/.test(line);
  return FILES.filter((name) => where.test(name)).flatMap((name) =>
    read(name)
      .split("\n")
      .map((line, at) => ({ line, at: at + 1 }))
      .filter(({ line }) => (comments || !isComment(line)) && pattern.test(line))
      .map(({ line, at }) => `${name}:${at}: ${line.trim().slice(0, 120)}`),
  );
}

/** Passes when nothing was found; otherwise lists what was. */
export const none = (found) => assert.ok(found.length === 0, `\n${found.join("\n")}`);
