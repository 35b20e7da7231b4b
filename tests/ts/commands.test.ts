// The blocks in which commands reach the engine, against the golden file that the engine reads.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Commands, START } from "../../src/ts/commands.js";
import { readCommands } from "./command-block.js";

/** Bytes are given as arrays. */
type Argument = number | string | readonly number[] | null;

interface Golden {
  readonly call: readonly [name: string, ...args: Argument[]];
  readonly bytes: number[];
}

const GOLDEN = JSON.parse(readFileSync("tests/golden/commands.json", "utf8")) as readonly Golden[];

class Written extends Commands {
  count = 0;
  protected override wrote(): void {
    this.count += 1;
  }
  publish(...args: Parameters<Commands["writePublish"]>): void {
    this.writePublish(...args);
  }
  taken(): Uint8Array {
    return this.take().slice();
  }
}

function perform(commands: Written, [name, ...args]: Golden["call"]): void {
  const given = args.map((argument) => (Array.isArray(argument) ? Uint8Array.from(argument) : (argument ?? undefined)));
  (commands[name as "cancel"] as (...args: unknown[]) => void).apply(commands, given);
}

test("every command has its layout", () => {
  for (const { call, bytes } of GOLDEN) {
    const commands = new Written();
    if (call[0] === "start") {
      assert.deepEqual([...START], bytes);
      continue;
    }
    perform(commands, call);
    assert.deepEqual([...commands.taken()], bytes, call[0]);
    assert.equal(commands.count, 1, call[0]);
  }
});

test("the golden file has every command", () => {
  const methods = Object.getOwnPropertyNames(Commands.prototype).filter(
    (name) => !["constructor", "take", "peek", "reuse", "written", "writePublish"].includes(name),
  );
  const golden = new Set(GOLDEN.map(({ call: [name] }) => name));
  assert.deepEqual([...golden].sort(), [...methods, "publish", "start"].sort());
});

test("commands follow each other without a gap, however large they are, and a block that was taken is over", () => {
  const commands = new Written();
  const payload = new Uint8Array(200_000).fill(7);
  commands.publish(1, "é".repeat(3_000), payload, 2);
  commands.cancel(1);
  const [publish, cancel, ...others] = readCommands(commands.taken());
  assert.deepEqual([publish?.slice(0, 4), cancel, others], [["publish", 1, 2, "é".repeat(3_000)], ["cancel", 1], []]);
  assert.deepEqual(Uint8Array.from(publish?.[4] as number[]), payload);
  assert.equal(commands.taken().length, 0);
  commands.handled(3, 4);
  assert.deepEqual(readCommands(commands.taken()), [["handled", 3, 4]]);
});
