// The buttons that hurt: each asks the demo's server to harm the link or the broker. The client is not told.
import { part } from "../lib/dom.js";

/** What the server says about the faults that last. */
interface Faults {
  readonly unplug: boolean;
  readonly stall: boolean;
  readonly swallow: boolean;
}

export function mountChaos(): void {
  const group = part(document, "chaos", HTMLElement);
  const buttons = [...group.querySelectorAll("button")];
  const show = (faults: Faults) => {
    for (const button of buttons) {
      const act = button.dataset.act ?? "";
      if (button.hasAttribute("aria-pressed")) button.setAttribute("aria-pressed", String(act in faults && faults[act as keyof Faults]));
    }
  };
  for (const button of buttons) {
    button.addEventListener("click", async () => {
      const on = button.getAttribute("aria-pressed") !== "true";
      button.disabled = true;
      try {
        show(await ask(`${button.dataset.act}?on=${on}`, "POST"));
      } finally {
        button.disabled = false;
        button.focus();
      }
    });
  }
  void ask("", "GET").then(show);
}

async function ask(act: string, method: "GET" | "POST"): Promise<Faults> {
  const response = await fetch(`/control/${act}`, { method });
  if (!response.ok) throw new Error(`The demo's server answered ${response.status}`);
  return (await response.json()) as Faults;
}
