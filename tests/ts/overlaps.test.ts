// Overlapping subscriptions against a scripted host: subscription identifiers say whom a copy is for.
import assert from "node:assert/strict";
import { test } from "node:test";
import { scripted } from "./scripted-host.js";
import { message, record } from "./words.js";

/** A client whose filters have the identifiers 1, 2, ... in their order, and what their handlers got. */
function identified(...filters: string[]) {
  const { client, host } = scripted();
  const seen: string[] = [];
  for (const [at, filter] of filters.entries()) {
    client.subscribe(filter, () => seen.push(filter));
    host.say(record("identifier", 0, host.token("subscribe"), at + 1));
  }
  const take = (...identifiers: number[]) => {
    host.say([...message(0, "a/b", { identifiers }), ...record("prepare", 0, 2)]);
    return seen.splice(0).sort();
  };
  return { client, host, take };
}

test("one copy with several identifiers and one copy for each come to the same", () => {
  const { take } = identified("a/b", "a/+", "#", "x");
  assert.deepEqual(take(1, 2, 3), ["#", "a/+", "a/b"]);
  assert.deepEqual([take(3), take(1), take(2)], [["#"], ["a/b"], ["a/+"]]);
  assert.deepEqual(take(2, 2), ["a/+"]);
});

test("the filters decide about a message without an identifier, and about one whose identifiers nobody has given", () => {
  const { client, host, take } = identified("a/b", "#");
  assert.deepEqual([take(), take(3), take(900, 901)], Array(3).fill(["#", "a/b"]));
  assert.deepEqual(take(900, 2), ["#"]);
  const late: string[] = [];
  client.subscribe("+/+", () => late.push("+/+"));
  assert.deepEqual([take(1), late], [["a/b"], []]);
  host.say(record("identifier", 0, host.token("subscribe"), 3));
  assert.deepEqual([take(3), late], [[], ["+/+"]]);
});

test("a copy for a filter that was left is for nobody else", async () => {
  const { client, host, take } = identified("a/b");
  const all = client.subscribe("#", () => undefined);
  host.say(record("identifier", 0, host.token("subscribe"), 2));
  void all.unsubscribe();
  assert.deepEqual([take(2), take(2, 1)], [[], ["a/b"]]);
});

test("subscriptions to one filter share its identifier, also when the broker is asked again", () => {
  const { client, host, take } = identified("a/b", "a/+");
  const seen: string[] = [];
  client.subscribe("a/+name", { qos: 2 }, ({ params }) => seen.push(params.name));
  host.say(record("identifier", 0, host.token("subscribe"), 2));
  assert.deepEqual([take(2), seen], [["a/+"], ["b"]]);
});

test("two groups and a filter of one's own get the copies that are meant for each", () => {
  const { take } = identified("a/b", "$share/g/a/b", "$share/h/a/+");
  assert.deepEqual([take(1), take(2), take(3)], [["a/b"], ["$share/g/a/b"], ["$share/h/a/+"]]);
});
