// The devices: their retained states are there at once, however long ago they were reported.
import type { Client } from "hawser";
import { make, part, write } from "../lib/dom.js";

interface DeviceState {
  readonly name: string;
  readonly online: boolean;
  readonly battery: number;
  readonly signal: number;
}

export function mountDevices(client: Client): void {
  const list = part(document, "device-list", HTMLUListElement);
  const rows = new Map<string, HTMLLIElement>();

  client.subscribe("device/+id/state", { qos: 1 }, (message) => {
    const { id } = message.params;
    const state = message.json<DeviceState>();
    const row = rows.get(id) ?? addRow(list, rows, id);
    row.toggleAttribute("data-online", state.online);
    const [name, signal, battery] = row.children;
    if (name === undefined || signal === undefined || battery === undefined) return;
    write(name, state.name);
    write(signal, state.online ? `${state.signal} dBm` : "gone");
    write(battery, id === "gateway" ? "mains" : `${Math.round(state.battery)} %`);
    battery.toggleAttribute("data-low", state.battery < 25);
  });
}

function addRow(list: HTMLUListElement, rows: Map<string, HTMLLIElement>, id: string): HTMLLIElement {
  const row = make("li");
  row.append(make("b"), make("small"), make("small", "", { class: "battery" }));
  rows.set(id, row);
  const order = [...rows.keys()].sort((a, b) => Number(b === "gateway") - Number(a === "gateway") || a.localeCompare(b));
  for (const key of order) list.append(rows.get(key) ?? row);
  return row;
}
