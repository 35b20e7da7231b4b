// How long things took, as the status tells it.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Status } from "../../src/ts/index.js";
import { scripted } from "./scripted-host.js";
import { online, status } from "./words.js";

const connecting = (phase: number, at: number) => status("connecting", { phase, at });
const onlineAt = (at: number) => [...online().slice(0, -status("online").length), ...status("online", { at })];

test("a link tells how long each phase of its attempt took, and each attempt begins anew", () => {
  const { client, host } = scripted();
  host.say([...connecting(0, 1_000), ...connecting(1, 1_005), ...connecting(2, 1_055), ...onlineAt(1_064)]);
  assert.ok(client.status.state === "online");
  assert.deepEqual(client.status.took, { address: 5, socket: 50, handshake: 9 });
  host.say([...connecting(0, 5_000), ...connecting(1, 5_000), ...connecting(2, 5_003), ...onlineAt(5_004)]);
  assert.ok(client.status.state === "online");
  assert.deepEqual(client.status.took, { address: 0, socket: 3, handshake: 1 });
});

test("an attempt that fails tells how far it had come and for how long", () => {
  const { client, host } = scripted();
  const begun = Date.now() - 500;
  host.say([...connecting(0, begun - 100), ...connecting(1, begun), ...status("waiting", { cause: 2, code: 1006 })]);
  assert.ok(client.status.state === "waiting" && client.status.ended?.phase === "socket");
  assert.equal(client.status.ended.since, begun);
  assert.ok(client.status.ended.lasted >= 500);
  const { ended } = client.status;
  host.say(connecting(0, Date.now()));
  const next = client.status as Status;
  assert.ok(next.state === "connecting");
  assert.equal(next.ended, ended, "until something else has ended");
});

test("a lost link tells how long it was online, also when the next attempt follows at once", () => {
  const { client, host } = scripted();
  host.say([...connecting(0, 1_000), ...connecting(1, 1_000), ...connecting(2, 1_000), ...onlineAt(2_000), ...connecting(0, 12_345)]);
  assert.ok(client.status.state === "connecting");
  assert.deepEqual(client.status.ended, { phase: "online", since: 2_000, lasted: 10_345 });
});

test("the end tells what it has ended, whoever brought it about", () => {
  const engine = scripted();
  engine.host.say([...connecting(0, 1_000), ...onlineAt(2_000)]);
  engine.host.stop({ kind: "engine", detail: "trap", message: "trap" });
  const user = scripted();
  user.host.say([...connecting(0, 1_000), ...onlineAt(2_000), ...status("stopped", { cause: 1 })]);
  for (const { client } of [engine, user]) {
    assert.ok(client.status.state === "stopped");
    assert.deepEqual([client.status.ended?.phase, client.status.ended?.since], ["online", 2_000]);
  }
  const unused = scripted();
  unused.host.say(status("stopped", { cause: 1 }));
  assert.ok(unused.client.status.state === "stopped" && unused.client.status.ended === undefined);
});

test("a clock that goes back makes no negative times", () => {
  const { client, host } = scripted();
  host.say([...connecting(0, 2_000), ...connecting(1, 1_000)]);
  host.say(onlineAt(1_001));
  assert.ok(client.status.state === "online");
  assert.deepEqual(client.status.took, { address: 0, socket: 1, handshake: 0 });
});
