import { beforeEach, expect, test, vi } from 'vitest';
import { StageRenderer } from './stage-renderer.ts';
import { TileRow } from './tile-row.ts';

const scales: number[] = [];

beforeEach(() => {
  scales.length = 0;
  const context = new Proxy(
    { setTransform: (scale: number) => void scales.push(scale) },
    { get: (own, name) => Reflect.get(own, name) ?? (() => ({ width: 0 })), set: () => true },
  );
  HTMLCanvasElement.prototype.getContext = (() => context) as unknown as HTMLCanvasElement['getContext'];
  vi.restoreAllMocks();
});

test('a recording keeps its size, and shows all tiles when there are more of them', () => {
  const row = new TileRow('Now');
  row.populate(['a', 'a', 'a', 'a']);
  const renderer = new StageRenderer([{ row, heading: 'Now' }]);
  renderer.resize();
  const { width, height } = renderer.canvas;
  renderer.render();
  expect(scales.at(-1)).toBe(1);
  row.populate(Array(8).fill('a'));
  renderer.render();
  expect([renderer.canvas.width, renderer.canvas.height]).toEqual([width, height]);
  expect(scales.at(-1)).toBeCloseTo(width / (2 * 28 + 9 * 200 + 8 * 12));
});
