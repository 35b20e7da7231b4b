// The subscribe form: any filter; each subscription is a chip that can be taken away, and their messages are listed.
import type { Client, Message, Qos, Subscription } from "hawser";
import { make, part, write } from "../lib/dom.js";
import { explain, qosOf, text } from "./publish.js";

const SHOWN = 40;
const LONGEST = 240;

export function mountSubscribe(client: Client): void {
  const card = part(document, "subscribe", HTMLElement);
  const form = part(card, "subscribe-form", HTMLFormElement);
  const chips = part(card, "chips", HTMLUListElement);
  const messages = part(card, "messages", HTMLOListElement);
  const list = (entry: HTMLLIElement) => {
    messages.querySelector(".hint")?.remove();
    messages.prepend(entry);
    while (messages.children.length > SHOWN) messages.lastElementChild?.remove();
  };
  messages.append(make("li", "Messages will stand here, with what the named wildcards matched.", { class: "hint" }));

  const subscribe = (filter: string, qos: Qos) => {
    const subscription = client.subscribe(filter, { qos }, (message) => list(entryOf(message)));
    chips.append(chipOf(filter, subscription));
  };
  const code = part(card, "subscribe-code", HTMLElement);
  const showCode = () => write(code, codeOf(new FormData(form)));
  form.addEventListener("input", showCode);
  showCode();
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const fields = new FormData(form);
    try {
      subscribe(text(fields, "filter"), qosOf(fields));
    } catch (error) {
      list(make("li", explain(error)));
    }
  });
}

/** The same wish as code, with the parameters that it gives. */
function codeOf(fields: FormData): string {
  const filter = text(fields, "filter");
  const names = [...filter.matchAll(/[+#]([^/]+)/g)].map(([, name]) => `message.params.${name}`);
  const shown = [...names, "message.json()"].map((argument) => `    ${argument},\n`).join("");
  return `client.subscribe(\n  ${JSON.stringify(filter)},\n  { qos: ${qosOf(fields)} },\n  (message) => show(\n${shown}  ),\n);`;
}

function chipOf(filter: string, subscription: Subscription<string>): HTMLLIElement {
  const chip = make("li");
  const name = make("span", filter);
  const remove = make("button", "×", { type: "button", "aria-label": `Unsubscribe from ${filter}` });
  chip.append(name, remove);
  subscription.ready.then(
    ({ qos }) => {
      chip.title = `Granted QoS ${qos}`;
    },
    (error: unknown) => {
      chip.dataset.state = "refused";
      chip.title = explain(error);
    },
  );
  remove.addEventListener("click", () => {
    chip.remove();
    void subscription.unsubscribe();
  });
  return chip;
}

function entryOf(message: Message<string>): HTMLLIElement {
  const entry = make("li");
  const payload = message.text();
  const params = Object.entries(message.params).map(([name, value]) => make("i", `${name} = ${value}`));
  entry.append(make("b", message.topic), ...params, make("span", payload.length > LONGEST ? `${payload.slice(0, LONGEST)}…` : payload));
  return entry;
}
