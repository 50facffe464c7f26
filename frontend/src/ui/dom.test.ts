import { expect, test } from 'vitest';
import { fileName } from './dom.ts';

test('files are named by the time they are saved', () => {
  expect(fileName('png', new Date('2025-01-31T10:20:30Z'))).toBe('motionfan-2025-01-31-10-20-30.png');
});
