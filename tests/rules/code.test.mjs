// What the rooms of the source may not do, where no compiler or linter says so.
import assert from "node:assert/strict";
import { test } from "node:test";
import { FILES, find, read } from "./files.mjs";

const SANS_IO = /^src\/(codec|session)\/.*\.rs$/;
const CODE = /^((src|tests|www)\/.*|[^/]*)\.(rs|ts|mjs|js|css)$/;

test("codec and session know no clock, no random source, no web type, no serde, no threads and no files", () => {
  assert.deepEqual(
    find(
      SANS_IO,
      /\b(Instant|SystemTime|getrandom|web_sys|js_sys|wasm_bindgen|gloo_timers|serde)\b|\bstd::(time|thread|fs|net|env|io)\b|\brand::/,
    ),
    [],
  );
});

test("codec depends on nothing above it, and session not on the browser layer", () => {
  assert.deepEqual(find(/^src\/codec\//, /\bcrate::(session|browser)\b/), []);
  assert.deepEqual(find(/^src\/session\//, /\bcrate::browser\b/), []);
});

test("codec and session refuse unsafe code, and everything that can panic, at compile time", () => {
  for (const room of ["src/codec/mod.rs", "src/session/mod.rs"]) {
    const text = read(room);
    for (const lint of ["unwrap_used", "expect_used", "panic", "indexing_slicing", "string_slice", "unreachable"]) {
      assert.match(text, new RegExp(`clippy::${lint}\\b`), `${room} does not deny clippy::${lint}`);
    }
    assert.match(text, /(deny|forbid)\([^)]*unsafe_code/, `${room} does not deny unsafe_code`);
  }
});

test("no lint is switched off in codec and session", () => {
  assert.deepEqual(find(SANS_IO, /\ballow\(|\bexpect\(clippy/), []);
});

test("the engine and the package bind globals only, never a window", () => {
  assert.deepEqual(find(/^src\/.*\.rs$/, /web_sys::window|\bwindow\(\)|Window\b/), []);
  assert.deepEqual(find(/^src\/ts\/.*\.ts$/, /\b(window|document)\s*[.?[]/), []);
});

test("the package's TypeScript has no any and silences no compiler message", () => {
  assert.deepEqual(find(/^src\/ts\/.*\.ts$/, /[:<(,|&]\s*any\b(?!\s*:)|\bas any\b/), []);
  assert.deepEqual(find(/^(src|tests|www)\/.*\.ts$/, /@ts-(ignore|nocheck)|biome-ignore-all/, { comments: true }), []);
});

test("no file is longer than 400 lines", () => {
  const long = FILES.filter((name) => CODE.test(name)).map((name) => ({ name, lines: read(name).split("\n").length - 1 }));
  assert.deepEqual(
    long.filter(({ lines }) => lines > 400),
    [],
  );
});

test("nothing is left to do, and no test is skipped", () => {
  // The words stand apart here so that this file does not find itself.
  const words = ["TO" + "DO", "FIX" + "ME", "HA" + "CK", "todo" + "!", "unimplemented" + "!", "dbg" + "!"];
  assert.deepEqual(find(CODE, new RegExp(`\\b(${words.join("|")})(?!\\w)`), { comments: true }), []);
  assert.deepEqual(find(/^(src|tests|www)\//, /#\[ignore|\b(test|it|describe)\.(skip|only|todo)\b|\bskip: /), []);
});
