// The block of bytes in which the options reach the engine, against the golden file that the engine reads.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { optionBytes } from "../../src/browser/boundary.js";
import type { EngineOptions } from "../../src/ts/engine.js";

interface Golden {
  readonly options: Omit<EngineOptions, "will" | "properties" | "policy"> & {
    readonly properties: number[];
    readonly policy: number[];
    readonly will: {
      readonly topic: string;
      readonly payload: number[];
      readonly qos: 0 | 1 | 2;
      readonly retain: boolean;
      readonly properties: number[];
    };
  };
  readonly bytes: number[];
}

test("every option has its place in the block", () => {
  const { options, bytes } = JSON.parse(readFileSync("tests/golden/options.json", "utf8")) as Golden;
  const { will, properties, policy } = options;
  const whole: EngineOptions = {
    ...options,
    properties: Uint8Array.from(properties),
    policy: Uint8Array.from(policy),
    will: { ...will, payload: Uint8Array.from(will.payload), properties: Uint8Array.from(will.properties) },
  };
  assert.deepEqual([...optionBytes(whole)], bytes);
});
