// The light: commands go out at QoS 1, the state that it reports comes back retained. What is shown is the report, not the wish.
import type { Client } from "hawser";
import { cssVar, part, write } from "../lib/dom.js";

interface LightState {
  readonly on: boolean;
  readonly level: number;
  readonly commands: number;
}

export function mountLight(client: Client): void {
  const card = part(document, "light", HTMLElement);
  const lamp = part(card, "lamp", HTMLElement);
  const toggle = part(card, "switch", HTMLButtonElement);
  const level = part(card, "level", HTMLInputElement);
  const state = part(card, "light-state", HTMLElement);
  const note = part(card, "light-note", HTMLElement);
  let asked: number | undefined;

  client.subscribe("light/living/state", { qos: 1 }, (message) => {
    const light = message.json<LightState>();
    toggle.setAttribute("aria-checked", String(light.on));
    write(state, light.on ? `on, ${light.level} %` : "off");
    cssVar(lamp, "glow", light.on ? light.level / 100 : 0);
    if (document.activeElement !== level) level.value = String(light.level);
    if (asked === undefined) return;
    write(note, `Obeyed ${Math.round(performance.now() - asked)} ms after the command.`);
    asked = undefined;
  });

  const command = (wish: Partial<LightState>) => {
    asked = performance.now();
    write(note, "Command on its way …");
    client.publish("light/living/set", wish, { qos: 1 }).catch((error: unknown) => write(note, String(error)));
  };
  toggle.addEventListener("click", () => command({ on: toggle.getAttribute("aria-checked") !== "true" }));
  level.addEventListener("change", () => command({ on: true, level: Number(level.value) }));
}
