// Finding the parts of the page, by the name in their `data-part`.

/** The element with `data-part="name"` inside `root`, checked to be of `kind`. A page without it is broken: this throws. */
export function part<T extends Element>(root: ParentNode, name: string, kind: new () => T): T {
  const found = root.querySelector(`[data-part="${name}"]`);
  if (!(found instanceof kind)) throw new Error(`The page has no part "${name}" of kind ${kind.name}`);
  return found;
}

/** Writes text only when it changes, so that nothing is laid out again for nothing. */
export function write(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** A new element with text, and attributes where they are given. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  text = "",
  attributes: Readonly<Record<string, string>> = {},
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  element.textContent = text;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

/** Sets a custom property (through the CSSOM, which a strict `style-src` allows). */
export function cssVar(element: HTMLElement, name: string, value: string | number): void {
  element.style.setProperty(`--${name}`, String(value));
}
