// The page's colours for drawing on a canvas, which knows no custom properties.

let probe: HTMLElement | undefined;
let known = new Map<string, string>();

/** The colour of a custom property such as `"line"`, as it is in the current theme. */
export function colour(name: string): string {
  const seen = known.get(name);
  if (seen !== undefined) return seen;
  probe ??= document.body.appendChild(document.createElement("i"));
  probe.hidden = true;
  probe.style.color = `var(--${name})`;
  const value = getComputedStyle(probe).color;
  known.set(name, value);
  return value;
}

/** Calls `changed` whenever the theme changes, by the system or by the toggle. */
export function onThemeChange(changed: () => void): void {
  const forget = () => {
    known = new Map();
    changed();
  };
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", forget);
  new MutationObserver(forget).observe(document.documentElement, { attributeFilter: ["data-theme"] });
}
