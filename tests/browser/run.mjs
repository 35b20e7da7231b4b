// Runs the wasm-bindgen tests in headless Chromium, in the page and in a dedicated worker, against the embedded broker and a peer with bad manners.
//
//   node tests/browser/run.mjs [filter]
import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isMain, main, ROOT, SetupError, setUp, tool, wasmBindgen, wasmToolchain } from "../../setup.mjs";
import { startEmbeddedBroker } from "../../www/server/broker.mjs";
import { FLAGS } from "../chromium.mjs";
import { startPeer } from "./peer.mjs";

/** Where the test runner finds how to start Chromium; written here because the program's place is known here only. */
function writeCapabilities() {
  const path = join(ROOT, "target/webdriver.json");
  mkdirSync(join(ROOT, "target"), { recursive: true });
  writeFileSync(path, JSON.stringify({ "goog:chromeOptions": { args: ["--headless", ...FLAGS], binary: tool("chromium") } }));
  return path;
}

/** Runs a command to its end; what it prints is shown. */
function run(command, args, env) {
  const child = spawn(command, args, { cwd: ROOT, env, stdio: ["ignore", "inherit", "inherit"] });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", resolve);
  });
}

/** Runs the tests whose names contain `filter` (all without one). Throws when one fails. */
export async function runBrowserTests(filter = "") {
  setUp("test");
  const toolchain = wasmToolchain();
  const broker = await startEmbeddedBroker();
  const peer = await startPeer();
  try {
    const env = {
      ...toolchain,
      // The tests read these two when they are compiled: a page has no environment.
      HAWSER_TEST_BROKER: broker.url,
      HAWSER_TEST_PEER: peer.url,
      CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER: wasmBindgen("wasm-bindgen-test-runner"),
      CHROMEDRIVER: tool("chromedriver"),
      WASM_BINDGEN_TEST_WEBDRIVER_JSON: writeCapabilities(),
      WASM_BINDGEN_TEST_TIMEOUT: "60",
    };
    const tests = ["--test", "browser_page", "--test", "browser_worker"];
    const status = await run(toolchain.CARGO, ["test", "--target", "wasm32-unknown-unknown", ...tests, filter].filter(Boolean), env);
    if (status !== 0) throw new SetupError("browser tests: failed, see above");
  } finally {
    await peer.stop();
    await broker.stop();
  }
}

if (isMain(import.meta.url)) await main(() => runBrowserTests(process.argv[2]));
