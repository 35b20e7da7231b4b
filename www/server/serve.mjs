// What `npm start` runs: the demo, until SIGINT or SIGTERM. Prints its address on one line.
import { startDemo } from "./demo.mjs";

const PORT = 8_765;

const demo = await startDemo({ port: PORT });
console.log(demo.url);
let stopping = false;
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.on(signal, async () => {
    if (stopping) return;
    stopping = true;
    await demo.stop();
    process.exit(0);
  });
}
