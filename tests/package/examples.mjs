// The examples in the doc comments of the package's types, as one TypeScript file that has to compile.

/** What examples may use without saying where it comes from. */
const PRELUDE = `
declare const client: Client;
declare const url: string;
declare function show(...what: unknown[]): void;
declare function badge(text: string): void;
declare function log(...what: unknown[]): void;
declare function report(error: unknown): void;
declare function ring(id: string): void;
declare function askTheOperator(): void;
declare function askForPassword(): void;
declare function token(signal: AbortSignal, attempt?: number): Promise<string>;
declare function tokenFor(url: string, signal: AbortSignal): Promise<string>;
declare function askForToken(signal: AbortSignal): Promise<{ access_token: string; expires_in: number }>;
declare const FALLBACK: string;
declare function sign(data: Uint8Array | undefined, signal: AbortSignal): Promise<Uint8Array>;
declare const scram: Record<AuthenticationStep, typeof sign>;
declare const status: Status;
`;

/** All doc comments with the declarations that they stand before. */
const DOCUMENTED = /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*export (?:declare )?(?:abstract )?(?:interface|class|type|function) (\w+)/g;

/** Name -> example, for each exported declaration in the text of a .d.ts; an empty text where there is none. */
export function examplesIn(declarations) {
  const found = new Map();
  for (const [, comment, name] of declarations.matchAll(DOCUMENTED)) {
    const text = comment.replace(/^\s*\* ?/gm, "");
    found.set(name, text.includes("@example") ? text.split("@example")[1] : "");
  }
  return found;
}

/** The TypeScript of the README, without its imports. */
export function readmeExample(text) {
  const blocks = [...text.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map(([, code]) => code);
  return blocks.join("\n").replace(/^import .*$/gm, "");
}

/** The names that the package exports, by the text of its index.d.ts. */
export function exportedNames(index) {
  return [...index.matchAll(/export (?:type )?\{([^}]*)\}/g)]
    .flatMap(([, names]) => names.split(",").map((name) => name.replace("type ", "").trim()))
    .filter(Boolean);
}

/** One file with every example in a function of its own. */
export function exampleFile(names, examples) {
  const bodies = [...examples].map(([name, code]) => `export async function exampleOf${name}() {\n${code}\n}`);
  return [`import { ${names.join(", ")} } from "hawser";`, PRELUDE, ...bodies].join("\n");
}
