import { beforeEach, expect, test } from 'vitest';
import { PortraitGallery } from './portrait-gallery.ts';

const chosen: string[] = [];
let gallery: PortraitGallery;

const names = ['astronaut', 'oil', 'marble'];
const buttons = (): HTMLButtonElement[] => [...gallery.element.querySelectorAll('button')];
const press = (key: string): boolean =>
  (document.activeElement ?? document.body).dispatchEvent(
    new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }),
  );

beforeEach(() => {
  chosen.length = 0;
  gallery = new PortraitGallery((name) => chosen.push(name));
  document.body.replaceChildren(gallery.element);
  gallery.list(names.map((name) => ({ name, title: name.toUpperCase() })));
});

test('every portrait has a thumbnail and a name for screen readers', () => {
  expect(buttons().map((button) => button.getAttribute('aria-label'))).toEqual(['ASTRONAUT', 'OIL', 'MARBLE']);
  expect(buttons().map((button) => button.querySelector('img')?.getAttribute('src'))).toEqual(
    names.map((name) => `/api/portraits/${name}`),
  );
});

test('a click chooses, and the one in use is marked', () => {
  buttons()[1]?.click();
  expect(chosen).toEqual(['oil']);
  gallery.mark('oil');
  expect(buttons().map((button) => button.getAttribute('aria-pressed'))).toEqual(['false', 'true', 'false']);
  gallery.mark(null);
  expect(buttons().every((button) => button.getAttribute('aria-pressed') === 'false')).toBe(true);
});

test('Tab stops once in the row; arrows, Home and End move along it without choosing', () => {
  expect(buttons().map((button) => button.tabIndex)).toEqual([0, -1, -1]);
  buttons()[0]?.focus();
  press('ArrowRight');
  expect(document.activeElement).toBe(buttons()[1]);
  press('End');
  press('ArrowRight');
  expect(document.activeElement).toBe(buttons()[2]);
  expect(buttons().map((button) => button.tabIndex)).toEqual([-1, -1, 0]);
  press('Home');
  expect(document.activeElement).toBe(buttons()[0]);
  expect(chosen).toEqual([]);
});

test('Tab enters the row at the portrait in use', () => {
  gallery.mark('marble');
  expect(buttons().map((button) => button.tabIndex)).toEqual([-1, -1, 0]);
});

test('a single portrait is not offered as a choice', () => {
  gallery.list([{ name: 'astronaut', title: 'Photograph' }]);
  expect(gallery.element.hidden).toBe(true);
});
