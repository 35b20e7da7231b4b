// The kill matrix in small: a few dozen kills. `npm run torture` has hundreds.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { plain } from "./table.mjs";
import { complaint, openTorture } from "./torture.mjs";

/** Another one each time: what one seed does not find another may. It is told when something is found. */
const seed = Date.now() % 1_000_000;
/** What happens, in the words of a title. */
const DEATHS = {
  renderer: "a killed renderer",
  browser: "a killed browser",
  writing: "a browser killed while it writes",
  reload: "a reload",
  broker: "a killed broker",
  link: "a cut link",
};
/** How many times each. */
const PLAN = {
  mosquitto: { renderer: 6, browser: 2, writing: 2, reload: 3, broker: 4, link: 8 },
  ejabberd: { renderer: 4, browser: 2, writing: 2, reload: 2, broker: 2, link: 4 },
};
/** A round that takes longer hangs. */
const LIMIT = 120_000;

let torture;
const verdicts = [];

before(async () => {
  torture = await openTorture();
});
after(async () => {
  console.log(plain(verdicts));
  await torture?.stop();
});

for (const [broker, kinds] of Object.entries(PLAN)) {
  for (const [kind, kills] of Object.entries(kinds)) {
    test(`${DEATHS[kind]}, ${kills} times: nothing is lost, nothing is handled twice, the order is kept (${broker})`, {
      timeout: LIMIT,
    }, async () => {
      const verdict = await torture.round({ broker, kind, kills, seed });
      verdicts.push(verdict);
      assert.ok(verdict.faults.length === 0, complaint({ ...verdict, seed }));
    });
  }
}
