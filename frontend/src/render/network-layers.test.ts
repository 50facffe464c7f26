import { expect, test } from 'vitest';
import { LayerBoard, type Outputs } from './network-layers.ts';

/** Outputs of some frames: every number of a part is `base + frame`, over 255 in pictures. */
function outputs(frames: number, first = 0): Outputs {
  const shapes: Record<string, number[]> = {
    fade: [],
    centres: [2, 2],
    axes: [2, 2],
    offset: [2, 1, 1],
    alpha: [1, 16, 16],
    paint: [3, 16, 16],
    opacity: [2, 1, 16, 16],
    colour: [2, 3, 16, 16],
  };
  const entries = Object.entries(shapes).map(([name, shape], part) => {
    const length = shape.reduce((product, size) => product * size, 1);
    const scale = shape.length > 2 && name !== 'offset' ? 255 : 1;
    const data = Float32Array.from(
      { length: frames * length },
      (_, i) => (10 * part + first + Math.floor(i / length)) / scale,
    );
    return [name, { data, dims: [frames, ...shape] }];
  });
  return Object.fromEntries(entries);
}

test('frames of several passes lie in cells as the composer reads them', () => {
  const board = new LayerBoard(3, outputs(2));
  board.add(outputs(2));
  board.add(outputs(2, 2));
  const { fade, placement, flow, mosaic, width, height, columns, sizes } = board.layers;
  expect([...fade]).toEqual([0, 1, 2]);
  expect([...placement.slice(8, 16)]).toEqual([11, 11, 21, 21, 11, 11, 21, 21]);
  expect([...flow]).toEqual([30, 30, 31, 31, 32, 32]);
  expect(sizes).toEqual({ flow: 1, side: 16, crops: 2, crop: 16, flow_bytes: 0 });
  expect([columns, width, height]).toEqual([3, 3 * 32, 64]);
  const at = (x: number, y: number) => [...mosaic.slice(4 * (y * width + x), 4 * (y * width + x) + 4)];
  // Paint, alpha, colours and opacities of the third frame.
  expect([at(64, 0), at(64, 16), at(95, 32), at(95, 63)]).toEqual(
    [52, 42, 72, 62].map((value) => [value, value, value, 255]),
  );
});

test('outputs that lack a part or are not finite are refused', () => {
  const { alpha: _alpha, ...rest } = outputs(1);
  expect(() => new LayerBoard(1, rest)).toThrow('alpha');
  const broken = outputs(1);
  broken.fade?.data.fill(Number.NaN);
  expect(() => new LayerBoard(1, broken).add(broken)).toThrow('not finite');
});
