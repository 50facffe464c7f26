import { expect, test } from 'vitest';
import { ShareView, sharePercent, shareText } from './share-view.ts';

test('a share is whole per cent, and a sentence says of what', () => {
  expect([0, 0.3125, 1].map(sharePercent)).toEqual(['0 %', '31 %', '100 %']);
  expect(shareText({ share: 0.3125, drawn: 32 })).toBe('31 % of 32 drawn futures end nearest to this one');
});

test('a view shows number, tooltip and bar, and nothing without a share', () => {
  const view = new ShareView();
  expect(view.element.hidden).toBe(true);
  view.show({ share: 0.25, drawn: 16 });
  expect([view.element.hidden, view.element.textContent]).toEqual([false, '25 %']);
  expect(view.element.title).toContain('25 % of 16');
  expect(view.element.querySelector('i')?.style.getPropertyValue('--part')).toBe('0.25');
  view.show(null);
  expect([view.element.hidden, view.element.textContent, view.element.title]).toEqual([true, '', '']);
});
