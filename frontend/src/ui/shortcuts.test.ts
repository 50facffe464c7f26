import { afterAll, beforeEach, expect, test, vi } from 'vitest';
import { h } from './dom.ts';
import { listenForShortcuts, ShortcutSwitch } from './shortcuts.ts';

const run = vi.fn();
const pause = vi.fn();
const left = vi.fn();
const input = h('input', { type: 'range' });
const text = h('input');
const button = h('button');
document.body.append(input, text, button);
let on = true;
listenForShortcuts(
  [
    { key: 'f', label: 'F', action: '', run },
    { key: ' ', label: 'Space', action: '', run: pause },
    { key: 'arrowleft', label: '←', action: '', run: left },
  ],
  () => on,
);
const press = (target: Element, key: string, init: KeyboardEventInit = {}) =>
  target.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, ...init }));

beforeEach(() => vi.clearAllMocks());
afterAll(() => document.body.replaceChildren());

test('a key runs its action, in either case', () => {
  press(document.body, 'f');
  press(document.body, 'F');
  expect(run).toHaveBeenCalledTimes(2);
});

test('keys do nothing while the user types, holds a key or uses a browser shortcut', () => {
  press(text, 'f');
  press(document.body, 'f', { ctrlKey: true });
  press(document.body, 'f', { repeat: true });
  expect(run).not.toHaveBeenCalled();
});

test('keys can be switched off, and stay off in this browser', () => {
  on = false;
  press(document.body, 'f');
  expect(run).not.toHaveBeenCalled();
  on = true;
  const shown = new ShortcutSwitch();
  document.body.append(shown.element);
  expect(shown.on).toBe(true);
  shown.element.querySelector('input')?.click();
  expect([shown.on, new ShortcutSwitch().on]).toEqual([false, false]);
  shown.element.querySelector('input')?.click();
  expect(new ShortcutSwitch().on).toBe(true);
});

test('space on a button presses the button only', () => {
  press(button, ' ');
  expect(pause).not.toHaveBeenCalled();
});

test('a focused box leaves letters to the shortcuts, and keeps space', () => {
  const box = h('input', { type: 'checkbox' });
  document.body.append(box);
  press(box, 'f');
  press(box, ' ');
  expect([run.mock.calls.length, pause.mock.calls.length]).toEqual([1, 0]);
});

test('an arrow on a slider moves the slider only', () => {
  press(input, 'ArrowLeft');
  expect(left).not.toHaveBeenCalled();
  press(button, 'ArrowLeft');
  expect(left).toHaveBeenCalledOnce();
});
