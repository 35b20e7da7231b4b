// Which subscribers a topic is for: a trie over the levels of the filters, and a cache by interned topic id.

interface Node<S> {
  /** Next levels by their text; "+" is the single-level wildcard. */
  readonly children: Map<string, Node<S>>;
  /** Subscribers whose filter ends here. */
  readonly here: Set<S>;
  /** Subscribers whose filter ends in `#` at this point: they also get the level itself (`sport/#` matches `sport`). */
  readonly rest: Set<S>;
}

/** What the cache holds for one topic id: valid while `generation` is the router's. */
interface Route<T> {
  readonly topic: string;
  generation: number;
  targets: readonly T[];
}

const NO_TARGETS: readonly never[] = [];

/**
 * Routes topics to subscribers `S`. What a topic id leads to is kept as a list of targets `T`, each made once per subscriber and
 * topic, so that a message costs two array look-ups however many filters there are.
 */
export class Router<S, T> {
  readonly #root: Node<S> = emptyNode();
  readonly #routes: Route<T>[] = [];
  readonly #target: (subscriber: S, topic: string) => T;
  #generation = 0;

  constructor(target: (subscriber: S, topic: string) => T) {
    this.#target = target;
  }

  /** Names a topic id; an id that is given again gets the new name. */
  name(id: number, topic: string): void {
    this.#routes[id] = { topic, generation: -1, targets: NO_TARGETS };
  }

  /** The topic with this id. */
  topic(id: number): string {
    return this.#routes[id]?.topic ?? "";
  }

  /** The targets of the topic with this id; none for an id without a name. */
  targets(id: number): readonly T[] {
    const route = this.#routes[id];
    if (route === undefined) return NO_TARGETS;
    if (route.generation !== this.#generation) {
      route.targets = this.match(route.topic).map((subscriber) => this.#target(subscriber, route.topic));
      route.generation = this.#generation;
    }
    return route.targets;
  }

  add(levels: readonly string[], subscriber: S): void {
    this.#generation += 1;
    this.#place(levels, true)?.add(subscriber);
  }

  remove(levels: readonly string[], subscriber: S): void {
    this.#generation += 1;
    this.#place(levels, false)?.delete(subscriber);
    prune(this.#root, levels, 0);
  }

  /** All subscribers whose filter matches `topic`. */
  match(topic: string): S[] {
    const found: S[] = [];
    collect(this.#root, topic.split("/"), 0, found);
    return found;
  }

  /** The set where a subscriber of this filter stands; the nodes on the way are made if `make` says so. */
  #place(levels: readonly string[], make: boolean): Set<S> | undefined {
    let node = this.#root;
    for (const level of levels) {
      if (level === "#") return node.rest;
      let next = node.children.get(level);
      if (next === undefined) {
        if (!make) return undefined;
        next = emptyNode();
        node.children.set(level, next);
      }
      node = next;
    }
    return node.here;
  }
}

function emptyNode<S>(): Node<S> {
  return { children: new Map(), here: new Set(), rest: new Set() };
}

function collect<S>(node: Node<S>, levels: readonly string[], depth: number, found: S[]): void {
  // A filter that begins with a wildcard does not match a topic that begins with $ [MQTT-4.7.2-1].
  const wild = depth > 0 || !levels[0]?.startsWith("$");
  if (wild) for (const subscriber of node.rest) found.push(subscriber);
  const level = levels[depth];
  if (level === undefined) {
    for (const subscriber of node.here) found.push(subscriber);
    return;
  }
  const exact = node.children.get(level);
  if (exact !== undefined) collect(exact, levels, depth + 1, found);
  const any = wild ? node.children.get("+") : undefined;
  if (any !== undefined) collect(any, levels, depth + 1, found);
}

/** Takes out the nodes on the way of a filter that nobody needs any more, so that a router that empties keeps nothing. */
function prune<S>(node: Node<S>, levels: readonly string[], depth: number): boolean {
  const level = levels[depth];
  const next = level === undefined ? undefined : node.children.get(level);
  if (level !== undefined && next !== undefined && prune(next, levels, depth + 1)) node.children.delete(level);
  return node.children.size === 0 && node.here.size === 0 && node.rest.size === 0;
}
