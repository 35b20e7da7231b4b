// The page under torture: does what the harness says, and reports what happened the moment it happens. A report that arrived is an effect.

const setup = JSON.parse(new URLSearchParams(location.search).get("setup"));
const socket = new WebSocket(`ws://${location.host}/reports`);
await new Promise((resolve) => socket.addEventListener("open", resolve));

const report = (...words) => socket.send(JSON.stringify(words));
globalThis.addEventListener("error", ({ message }) => report("error", message));
globalThis.addEventListener("unhandledrejection", ({ reason }) => report("error", `${reason}`));

/** Handlers that wait for the harness to say that they are done, by a number of their own. */
const handling = [];

/** A handler's work: to tell the harness, and to wait for its word. */
const handle = (flow, number) =>
  new Promise((resolve) => {
    report("started", flow, number, handling.push(resolve) - 1);
  });

const { start } = await import(setup.contestant === "mqttjs" ? "./mqttjs.js" : "./hawser.js");
const client = start(setup, { handle, report });
socket.addEventListener("message", ({ data }) => {
  const [what, ...words] = JSON.parse(data);
  if (what === "publish") client.publish(...words);
  else if (what === "pending") client.pending().then((count) => report("pending", count));
  else handling[words[0]]();
});
report("ready");
