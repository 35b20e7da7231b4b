// What a page has to load: the size of every file of dist/ that ships, raw and compressed, held against the budget. `npm run size` prints it; the build fails above it.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { isMain, main, ROOT, SetupError } from "../../setup.mjs";

/** Bytes that JavaScript and wasm together may take in brotli; the aim is 70,000 with everything in. */
export const BUDGET = 81_000;

/**
 * Sizes in bytes of each shipped file (`.js`, `.wasm`; types and source maps are for developers), and of all.
 * @returns {{ name: string, raw: number, gzip: number, brotli: number }[]} the last row is the total
 */
export function measure(folder = join(ROOT, "dist")) {
  const rows = readdirSync(folder, { recursive: true })
    .filter((name) => /\.(js|wasm)$/.test(name))
    .sort()
    .map((name) => {
      const bytes = readFileSync(join(folder, name));
      const brotli = brotliCompressSync(bytes, {
        params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
      });
      return { name, raw: bytes.length, gzip: gzipSync(bytes, { level: 9 }).length, brotli: brotli.length };
    });
  const sum = (key) => rows.reduce((total, row) => total + row[key], 0);
  return [...rows, { name: "total", raw: sum("raw"), gzip: sum("gzip"), brotli: sum("brotli") }];
}

/** Prints the table and throws when the total is above the budget. */
export function checkSize() {
  const rows = measure();
  const line = (...cells) => console.log(cells.map((cell, at) => (at ? String(cell).padStart(10) : String(cell).padEnd(16))).join(""));
  line("bytes", "raw", "gzip", "brotli");
  for (const { name, raw, gzip, brotli } of rows) line(name, raw, gzip, brotli);
  const { brotli } = rows.at(-1);
  if (brotli > BUDGET) throw new SetupError(`dist/ takes ${brotli} bytes in brotli, ${brotli - BUDGET} more than the budget of ${BUDGET}`);
  console.log(`${brotli} of ${BUDGET} bytes`);
}

if (isMain(import.meta.url)) await main(checkSize);
