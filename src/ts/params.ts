// Named wildcards: "+id" and "#path" in a filter, typed from the literal.

/**
 * The named wildcards of a filter, from its literal type. Unnamed `+` and `#` give nothing; a filter that is not a literal
 * gives a record of any names.
 *
 * @example
 * type P = Params<"device/+id/state/#rest">; // { readonly id: string; readonly rest: string }
 */
export type Params<F extends string> = string extends F ? { readonly [name: string]: string } : { readonly [Name in Names<F>]: string };

type Names<F extends string> = F extends `${infer Level}/${infer Rest}` ? Name<Level> | Names<Rest> : Name<F>;

type Name<Level extends string> = Level extends `+${infer N}` | `#${infer N}` ? (N extends "" ? never : N) : never;

/** A named wildcard: the level of the topic where it stands. `rest` takes that level and all after it. */
export interface NamedLevel {
  readonly name: string;
  readonly level: number;
  readonly rest: boolean;
}

/** The values of the named wildcards in `topic`, frozen. A `#rest` that stands for nothing is empty. */
export function paramsOf(topic: string, named: readonly NamedLevel[]): Readonly<Record<string, string>> {
  if (named.length === 0) return NONE;
  const levels = topic.split("/");
  return Object.freeze(
    Object.fromEntries(named.map(({ name, level, rest }) => [name, rest ? levels.slice(level).join("/") : (levels[level] ?? "")])),
  );
}

const NONE: Readonly<Record<string, string>> = Object.freeze({});
