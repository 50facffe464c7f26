/** Single-key shortcuts, silent while a person types or uses a control that needs letters. */

export type Shortcut = { key: string; label: string; words: string; run(): void };

const OWN_KEYS = 'input:not([type="range"], [type="radio"]), select, textarea, [contenteditable]';

export function listen(shortcuts: Shortcut[], target: EventTarget = window): void {
  target.addEventListener('keydown', (event) => {
    if (!(event instanceof KeyboardEvent) || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    const focus = event.target instanceof Element ? event.target : null;
    if (focus?.closest(OWN_KEYS)) return;
    if (event.key === ' ' && focus?.closest('button, summary, a')) return;
    const found = shortcuts.find((shortcut) => shortcut.key === event.key.toLowerCase());
    if (!found) return;
    event.preventDefault();
    found.run();
  });
}
