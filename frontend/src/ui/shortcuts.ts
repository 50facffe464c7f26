/** Single-key shortcuts. They do nothing while the user types or the focused control uses the key itself. */

export type Shortcut = { key: string; label: string; action: string; run(): void };

/** Controls that use letter keys themselves. */
const LETTER_CONTROLS = 'input:not([type="range"], [type="radio"]), select, textarea, [contenteditable]';

/** Run a shortcut when its key is pressed. */
export function listenForShortcuts(shortcuts: Shortcut[], target: EventTarget = window): void {
  target.addEventListener('keydown', (event) => {
    if (!(event instanceof KeyboardEvent) || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    const focus = event.target instanceof Element ? event.target : null;
    if (focus?.closest(LETTER_CONTROLS)) return;
    if (event.key.startsWith('Arrow') && focus?.closest('input')) return;
    if (event.key === ' ' && focus?.closest('button, summary, a')) return;
    const found = shortcuts.find((shortcut) => shortcut.key === event.key.toLowerCase());
    if (!found) return;
    event.preventDefault();
    found.run();
  });
}
