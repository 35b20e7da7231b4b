// What a Server Reference means as a URL.
import assert from "node:assert/strict";
import { test } from "node:test";
import { followed } from "../../src/ts/server-reference.js";

const PRESENT = "wss://a.example:8084/mqtt?room=7";

test("a host keeps scheme, path, query and port of the present URL, and may name a port of its own", () => {
  assert.equal(followed("b.example", PRESENT), "wss://b.example:8084/mqtt?room=7");
  assert.equal(followed("b.example:9001", PRESENT), "wss://b.example:9001/mqtt?room=7");
  assert.equal(followed("10.10.151.22:8883", PRESENT), "wss://10.10.151.22:8883/mqtt?room=7");
  assert.equal(followed("b.example", "ws://a.example/"), "ws://b.example/");
});

test("an address of version 6 stands in brackets", () => {
  assert.equal(followed("[fe80::9610:3eff:fe1c]:1883", PRESENT), "wss://[fe80::9610:3eff:fe1c]:1883/mqtt?room=7");
  assert.equal(followed("[::1]", PRESENT), "wss://[::1]:8084/mqtt?room=7");
  assert.equal(followed("fe80::1", PRESENT), undefined);
});

test("a whole URL is taken as it is, but never from wss to ws", () => {
  assert.equal(followed("wss://b.example/other", PRESENT), "wss://b.example/other");
  assert.equal(followed("wss://b.example/other", "ws://a.example/"), "wss://b.example/other");
  assert.equal(followed("ws://b.example/other", "ws://a.example/"), "ws://b.example/other");
  assert.equal(followed("ws://b.example/other", PRESENT), undefined);
});

test("of a list the first that can be followed is taken", () => {
  assert.equal(followed("b.example c.example", PRESENT), "wss://b.example:8084/mqtt?room=7");
  assert.equal(followed("ws://b.example/ :1  c.example:1", PRESENT), "wss://c.example:1/mqtt?room=7");
});

test("what is no server is not followed", () => {
  const bad = [
    "",
    " ",
    "b.example:",
    "b.example:99999",
    "b.example:-1",
    "b.example/path",
    "user@b.example",
    "wss://user:secret@b.example/",
    "wss://b.example/#part",
    "https://b.example/",
    "javascript:alert(1)",
    "[::1",
    "[no]",
    "b\\c",
    "a\tb:x",
    "%00",
    "\u0001",
  ];
  for (const reference of bad) assert.equal(followed(reference, PRESENT), undefined, JSON.stringify(reference));
});
