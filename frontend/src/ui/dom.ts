/** Helpers that build and change DOM elements. */

type Attributes = Record<string, string | number | boolean | undefined>;
type Child = Node | string | null | undefined;

/** Create an element ("h" for hyperscript). An attribute of `true` is set empty; `false` and undefined are left out. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    element.setAttribute(name, value === true ? '' : String(value));
  }
  element.append(...children.filter((child): child is Node | string => child !== null && child !== undefined));
  return element;
}

/** Return an inline icon of 24 x 24 units with strokes in the text colour. */
export function icon(path: string): SVGSVGElement {
  const namespace = 'http://www.w3.org/2000/svg';
  const svg = document.createElementNS(namespace, 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  const line = document.createElementNS(namespace, 'path');
  line.setAttribute('d', path);
  svg.append(line);
  return svg;
}

/** Set the text only if it differs, so that screen readers do not repeat live regions. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** Scroll an element into view, without animation where the user prefers reduced motion. */
export function reveal(element: Element): void {
  const reduced = matchMedia('(prefers-reduced-motion: reduce)').matches;
  element.scrollIntoView({ block: 'nearest', behavior: reduced ? 'auto' : 'smooth' });
}

/** Start a download of a blob. */
export function download(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  h('a', { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** Return a file name with the date, such as `motionfan-2025-01-31-10-20-30.png`. */
export function fileName(extension: string, date: Date = new Date()): string {
  return `motionfan-${date.toISOString().slice(0, 19).replace(/[T:]/g, '-')}.${extension}`;
}
