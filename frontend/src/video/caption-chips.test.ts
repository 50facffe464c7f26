import { beforeEach, expect, test } from 'vitest';
import { CaptionChips } from './caption-chips.ts';

let chips: CaptionChips;
const inputs = () => [...chips.element.querySelectorAll('input')];

beforeEach(() => {
  chips = new CaptionChips('What the face does', 2);
  document.body.replaceChildren(chips.element);
  chips.list(['nods', 'blinks', 'talks']);
});

test('no more than the maximum can be chosen', () => {
  inputs()[2]?.click();
  inputs()[0]?.click();
  expect(chips.chosen).toEqual(['nods', 'talks']);
  expect(inputs().map((input) => input.disabled)).toEqual([false, true, false]);
  expect(chips.element.querySelector('legend')?.textContent).toBe('What the face does 2 of 2');
});

test('deselecting a phrase allows another', () => {
  for (const i of [0, 1, 0]) inputs()[i]?.click();
  expect(chips.chosen).toEqual(['blinks']);
  expect(inputs().some((input) => input.disabled)).toBe(false);
});
