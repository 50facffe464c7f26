/**
 * Single-key shortcuts. They do nothing while the user types or the focused control uses the key itself, and can be switched
 * off: speech input and slips of the hand press letters too (WCAG 2.1.4).
 */
import { h } from './dom.ts';
import { loadValue, storeValue } from './storage.ts';

export type Shortcut = { key: string; label: string; action: string; run(): void };

/** Controls that use letter keys themselves. */
const LETTER_CONTROLS =
  'input:not([type="range"], [type="radio"], [type="checkbox"]), select, textarea, [contenteditable]';

/** The switch of all shortcuts; it is remembered in this browser. */
export class ShortcutSwitch {
  readonly #box = h('input', { type: 'checkbox', id: 'shortcuts-on' });
  readonly element = h(
    'label',
    { class: 'keys-switch', for: this.#box.id },
    this.#box,
    'Keys work without Ctrl or Alt',
  );

  constructor() {
    this.#box.checked = loadValue('shortcuts') !== false;
    this.#box.addEventListener('change', () => storeValue('shortcuts', this.#box.checked));
  }

  get on(): boolean {
    return this.#box.checked;
  }
}

/** Run a shortcut when its key is pressed, while `on` says so. */
export function listenForShortcuts(
  shortcuts: Shortcut[],
  on: () => boolean = () => true,
  target: EventTarget = window,
): void {
  target.addEventListener('keydown', (event) => {
    if (!(event instanceof KeyboardEvent) || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    const focus = event.target instanceof Element ? event.target : null;
    if (focus?.closest(LETTER_CONTROLS)) return;
    if (event.key.startsWith('Arrow') && focus?.closest('input')) return;
    if (event.key === ' ' && focus?.closest('button, summary, a, [type="checkbox"]')) return;
    const found = shortcuts.find((shortcut) => shortcut.key === event.key.toLowerCase());
    if (!found || !on()) return;
    event.preventDefault();
    found.run();
  });
}
