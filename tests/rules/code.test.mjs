// What the rooms of the source may not do, where no compiler or linter says so.
import assert from "node:assert/strict";
import { test } from "node:test";
import { FILES, find, none, read } from "./files.mjs";

const SANS_IO = /^src\/(codec|session)\/.*\.rs$/;
const CODE = /^((src|tests|www)\/.*|[^/]*)\.(rs|ts|mjs|js|css)$/;

test("codec and session know no clock, no random source, no web type, no serde, no threads and no files", () => {
  none(
    find(
      SANS_IO,
      /\b(Instant|SystemTime|getrandom|web_sys|js_sys|wasm_bindgen|gloo_timers|serde)\b|\bstd::(time|thread|fs|net|env|io)\b|\brand::/,
    ),
  );
});

test("codec depends on nothing above it, and session not on the browser layer", () => {
  none(find(/^src\/codec\//, /\bcrate::(session|browser)\b/));
  none(find(/^src\/session\//, /\bcrate::browser\b/));
});

test("codec and session refuse unsafe code, and everything that can panic, at compile time", () => {
  for (const room of ["src/codec/mod.rs", "src/session/mod.rs"]) {
    const text = read(room);
    for (const lint of ["unwrap_used", "expect_used", "panic", "indexing_slicing", "string_slice", "unreachable"]) {
      assert.ok(text.includes(`clippy::${lint}`), `${room} does not deny clippy::${lint}`);
    }
    assert.ok(/(deny|forbid)\([^)]*unsafe_code/.test(text), `${room} does not deny unsafe_code`);
  }
});

test("no lint is switched off in codec and session", () => {
  none(find(SANS_IO, /\ballow\(|\bexpect\(clippy/));
});

test("the engine and the package bind globals only, never a window", () => {
  none(find(/^src\/.*\.rs$/, /web_sys::window|\bwindow\(\)|Window\b/));
  none(find(/^src\/ts\/.*\.ts$/, /\b(window|document)\s*[.?[]/));
});

test("nobody silences the TypeScript compiler, or the linter where it forbids any", () => {
  none(find(/\.ts$/, /@ts-(ignore|nocheck)|biome-ignore.*(noExplicitAny|noTsIgnore)/, { comments: true }));
  none(find(/^src\/ts\//, /@ts-expect-error/, { comments: true }));
});

test("no file is longer than 400 lines", () => {
  const lines = (name) => read(name).split("\n").length - 1;
  none(FILES.filter((name) => CODE.test(name) && lines(name) > 400).map((name) => `${name}: ${lines(name)}`));
});

test("nothing is left to do, and no test is skipped", () => {
  // The words stand apart here so that this file does not find itself.
  const words = ["TO" + "DO", "FIX" + "ME", "HA" + "CK", "todo" + "!", "unimplemented" + "!", "dbg" + "!"];
  none(find(CODE, new RegExp(`\\b(${words.join("|")})(?!\\w)`), { comments: true }));
  none(find(/^(src|tests|www)\//, /#\[ignore|\b(test|it|describe)\.(skip|only|todo)\b|\bskip: /));
});
