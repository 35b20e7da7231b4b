// The publish form: any topic, any payload; the promise says what became of it.
import { type Client, HawserError, type Qos } from "hawser";
import { part, write } from "../lib/dom.js";

export function mountPublish(client: Client): void {
  const form = part(document, "publish", HTMLFormElement);
  const note = part(form, "publish-note", HTMLElement);
  const say = (tone: "" | "ok" | "bad", text: string) => {
    note.dataset.tone = tone;
    write(note, text);
  };
  const code = part(document, "publish-code", HTMLElement);
  const showCode = () => write(code, codeOf(new FormData(form)));
  form.addEventListener("input", showCode);
  showCode();
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const fields = new FormData(form);
    const qos = qosOf(fields);
    const from = performance.now();
    say("", client.status.state === "online" ? "On its way …" : "Kept until the link is back …");
    try {
      const { reasonCode } = await client.publish(text(fields, "topic"), text(fields, "payload"), { qos, retain: fields.has("retain") });
      const took = Math.round(performance.now() - from);
      say(
        "ok",
        qos === 0 ? "Handed to the socket." : `The broker has it, after ${took} ms${reasonCode === 0x10 ? "; nobody listens" : ""}.`,
      );
    } catch (error) {
      say("bad", explain(error));
    }
  });
}

/** The same wish as code. */
function codeOf(fields: FormData): string {
  const retain = fields.has("retain") ? ", retain: true" : "";
  const payload = literal(text(fields, "payload"));
  return `await client.publish(\n  ${JSON.stringify(text(fields, "topic"))},\n  ${payload},\n  { qos: ${qosOf(fields)}${retain} },\n);`;
}

/** A payload as one would write it in code: JSON as an object, anything else as text. */
function literal(payload: string): string {
  try {
    return JSON.stringify(JSON.parse(payload), null, 1)
      .replace(/\n\s*/g, " ")
      .replace(/"([A-Za-z_]\w*)":/g, "$1:");
  } catch {
    return JSON.stringify(payload);
  }
}

/** What a form field holds. */
export function text(fields: FormData, name: string): string {
  const value = fields.get(name);
  return typeof value === "string" ? value : "";
}

export function qosOf(fields: FormData): Qos {
  const qos = text(fields, "qos");
  return qos === "2" ? 2 : qos === "1" ? 1 : 0;
}

/** What went wrong and what to do about it. */
export function explain(error: unknown): string {
  return error instanceof HawserError ? error.message : String(error);
}
