import { expect, test } from 'vitest';
import { arrange } from './layout.ts';

const fits = (futures: number, width: number, height: number): void => {
  const { columns, rows, side } = arrange(futures, width, height, 10, 26);
  expect(columns * side + (columns - 1) * 10).toBeLessThanOrEqual(width);
  expect(rows * (side + 26) + (rows - 1) * 10).toBeLessThanOrEqual(height);
};

test('four futures stand in one row on a laptop', () => {
  expect(arrange(4, 880, 220, 10, 26)).toMatchObject({ columns: 5, rows: 1, span: 1 });
});

test('a tall space gives the present four times the area', () => {
  expect(arrange(5, 360, 480, 10, 26)).toMatchObject({ span: 2 });
});

test.each([1, 2, 4, 8, 16, 32])('%i futures fit the space they are given', (futures) => {
  fits(futures, 1040, 600);
  fits(futures, 1600, 420);
});

test('tiles never become too small to see', () => {
  expect(arrange(32, 320, 100, 8, 26).side).toBe(48);
});
