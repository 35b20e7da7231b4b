// Which subscriptions a topic is for.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Router } from "../../src/ts/router.js";

function routerOf(...filters: string[]): Router<string, string> {
  const router = new Router<string, string>((subscriber, topic) => `${subscriber} <- ${topic}`);
  for (const filter of filters) router.add(filter.split("/"), filter);
  return router;
}

/** The rules of section 4.7 once more, level by level and without a trie. */
function matches(filter: string, topic: string): boolean {
  if (/^[+#]/.test(filter) && topic.startsWith("$")) return false;
  const [wanted, given] = [filter.split("/"), topic.split("/")];
  for (const [at, level] of wanted.entries()) {
    if (level === "#") return true;
    if (at >= given.length || (level !== "+" && level !== given[at])) return false;
  }
  return wanted.length === given.length;
}

test("matches as the examples of the standard do", () => {
  const cases: [filter: string, topic: string, matches: boolean][] = [
    ["sport/tennis/player1/#", "sport/tennis/player1", true],
    ["sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", true],
    ["sport/#", "sport", true],
    ["#", "anything/at/all", true],
    ["sport/+", "sport", false],
    ["sport/+", "sport/", true],
    ["sport/tennis/+", "sport/tennis/player1/ranking", false],
    ["+/+", "/finance", true],
    ["/+", "/finance", true],
    ["+", "/finance", false],
    ["/finance", "finance", false],
    ["A", "a", false],
    ["#", "$SYS/monitor", false],
    ["+/monitor", "$SYS/monitor", false],
    ["$SYS/#", "$SYS/monitor", true],
    ["$SYS/+", "$SYS/monitor", true],
    ["a/#", "a/$b", true],
    ["a/+", "a/$b", true],
  ];
  for (const [filter, topic, expected] of cases) {
    assert.deepEqual(routerOf(filter).match(topic), expected ? [filter] : [], `${filter} against ${topic}`);
    assert.equal(matches(filter, topic), expected);
  }
});

test("agrees with a plain comparison of levels on all filters and topics of a small alphabet", () => {
  const levels = ["", "a", "b", "$c"];
  const combine = (first: string[], rest: string[]): string[] => first.flatMap((one) => rest.map((other) => `${one}/${other}`));
  const topics = [...levels.slice(1), ...combine(levels, levels), ...combine(levels, combine(levels, levels))];
  const inner = [...levels, "+"];
  const filters = [...inner, "#", ...combine(inner, [...inner, "#"]), ...combine(inner, combine(inner, [...inner, "#"]))].filter(Boolean);
  const router = routerOf(...filters);
  for (const topic of topics) {
    assert.deepEqual(router.match(topic).sort(), filters.filter((filter) => matches(filter, topic)).sort(), topic);
  }
  for (const filter of filters) router.remove(filter.split("/"), filter);
  for (const topic of topics) assert.deepEqual(router.match(topic), []);
});

test("a topic id is matched once, and again only after the subscriptions have changed", () => {
  const router = routerOf("a/+", "b/#");
  router.name(0, "a/x");
  const first = router.targets(0);
  assert.deepEqual(first, ["a/+ <- a/x"]);
  assert.equal(router.targets(0), first);
  router.add(["a", "x"], "a/x");
  assert.deepEqual([...router.targets(0)].sort(), ["a/+ <- a/x", "a/x <- a/x"]);
  router.remove(["a", "+"], "a/+");
  assert.deepEqual(router.targets(0), ["a/x <- a/x"]);
});

test("a topic id that is given again leads where its new name leads", () => {
  const router = routerOf("a", "b");
  router.name(3, "a");
  assert.deepEqual(router.targets(3), ["a <- a"]);
  router.name(3, "b");
  assert.deepEqual(router.targets(3), ["b <- b"]);
});

test("an id without a name leads nowhere", () => {
  assert.deepEqual(routerOf("#").targets(17), []);
});

test("removing one of two subscribers of a filter leaves the other", () => {
  const router = routerOf();
  router.add(["a", "#"], "first");
  router.add(["a", "#"], "second");
  router.remove(["a", "#"], "first");
  assert.deepEqual(router.match("a/b"), ["second"]);
});
