// What may and must be in git.
import assert from "node:assert/strict";
import { test } from "node:test";
import { FILES, find, none, read } from "./files.mjs";

const TEXT = /\.(rs|ts|mjs|js|json|toml|md|css|html|lock|yml|sh)$|^\.ci\/|^LICENSE/;

test("both lock files are in git", () => {
  for (const name of ["Cargo.lock", "package-lock.json"]) assert.ok(FILES.includes(name), `${name} is missing`);
});

test("nothing that is built or installed is in git", () => {
  none(FILES.filter((name) => /(^|\/)(dist|target|node_modules)\/|\.(wasm|tgz|rlib)$/.test(name)));
});

test("the lock files name no package host", () => {
  none(find(/^package-lock\.json$/, /"resolved"/));
  const index = /^source = "registry\+https:\/\/github\.com\/rust-lang\//; // cargo's own name for its default registry, wherever that is mirrored
  none(find(/(^|\/)Cargo\.lock$/, /^source = /).filter((found) => !index.test(found.split(": ").slice(1).join(": "))));
  none(find(/(^|\/)(\.npmrc|\.yarnrc.*|\.cargo\/config.*)$/, /(^|:)(registry|index|replace-with)\s*=/));
});

/** Places that documentation may point to. Everything else would be a host that somebody's machine has to reach. */
const KNOWN =
  /^(localhost|127\.0\.0\.1|\[::1\]|([\w-]+\.)*(example|invalid|test)(\.(com|org|net))?|docs\.oasis-open\.org|keepachangelog\.com|semver\.org|www\.w3\.org|www\.apache\.org)$/;

test("no file names a host of the outside world", () => {
  const exempt = /^((.*\/)?Cargo\.lock|package-lock\.json|LICENSE-APACHE)$/;
  const hosts = (name) => [...read(name).matchAll(/\bhttps?:\/\/([\w.[\]:-]*[\w\]])/g)].map(([, host]) => host.replace(/:\d*$/, ""));
  const foreign = FILES.filter((name) => TEXT.test(name) && !exempt.test(name)).flatMap((name) =>
    hosts(name)
      .filter((host) => !KNOWN.test(host))
      .map((host) => `${name}: ${host}`),
  );
  none(foreign);
});

test("no file names a path of the machine that it was written on", () => {
  none(find(TEXT, /(^|[\s"'`(=])\/(root|home|Users|work)\/[\w.]/, { comments: true }));
});

test("every source file says in its first line what it is for", () => {
  const silent = FILES.filter((name) => /^((src|tests|www)\/.*|[^/]*)\.(rs|ts|mjs|js)$/.test(name)).filter(
    (name) => !/^(#!.*\n)?(\/\/|\/\*)/.test(read(name)),
  );
  none(silent);
});

test("what the README links to is there", () => {
  const links = [...read("README.md").matchAll(/\]\((?!https?:|#)([^)]+)\)/g)].map(([, target]) => target);
  none(links.filter((target) => !FILES.includes(target)));
});

test("the version that the package tells is that of package.json", () => {
  assert.ok(read("src/ts/version.ts").includes(`"${JSON.parse(read("package.json")).version}"`));
});

test("the commands of the README exist", () => {
  const named = new Set([...read("README.md").matchAll(/`npm (?:run )?([\w:]+)/g)].map(([, name]) => name));
  none([...named].filter((name) => !(name in JSON.parse(read("package.json")).scripts)));
});
