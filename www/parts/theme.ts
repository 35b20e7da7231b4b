// The theme toggle: as the system wishes, light, dark.
import { part } from "../lib/dom.js";

const THEMES = ["auto", "light", "dark"] as const;
type Theme = (typeof THEMES)[number];
const NAMES: Readonly<Record<Theme, string>> = { auto: "automatic", light: "light", dark: "dark" };
const ICONS: Readonly<Record<Theme, string>> = { auto: "#i-auto", light: "#i-sun", dark: "#i-moon" };

export function mountTheme(): void {
  const button = part(document, "theme", HTMLButtonElement);
  let theme: Theme = "auto";
  button.addEventListener("click", () => {
    theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? "auto";
    if (theme === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    button.setAttribute("aria-label", `Colour theme: ${NAMES[theme]}`);
    button.querySelector("use")?.setAttribute("href", ICONS[theme]);
  });
}
