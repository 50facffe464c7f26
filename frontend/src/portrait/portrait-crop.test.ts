import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { portraitSize, portraitSquare, type Square } from './portrait-crop.ts';
import { cutSquare } from './resample.ts';

type GoldenCrops = {
  faces: {
    name: string;
    box: [number, number, number, number];
    width: number;
    height: number;
    square: Square;
    size: number;
  }[];
  picture: { width: number; height: number; pixels: number[] };
  cuts: { name: string; square: Square; size: number; pixels: number[] }[];
};

const FILE = resolve(import.meta.dirname, '../../../tests/golden/portrait/crops.json');
const golden = JSON.parse(readFileSync(FILE, 'utf8')) as GoldenCrops;
const { width, height } = golden.picture;
const picture = { data: new Uint8ClampedArray(4 * width * height).fill(255), width, height };
golden.picture.pixels.forEach((value, i) => {
  picture.data[4 * Math.floor(i / 3) + (i % 3)] = value;
});

describe('the page crops as the server does', () => {
  test.each(golden.faces)('a face $name', ({ box: [left, top, right, bottom], width, height, square, size }) => {
    const corners = [
      { x: left, y: top, z: 0 },
      { x: right, y: bottom, z: 0 },
    ];
    const found = portraitSquare(corners, width, height);
    expect(found.x).toBeCloseTo(square.x, 6);
    expect(found.y).toBeCloseTo(square.y, 6);
    expect(found.side).toBeCloseTo(square.side, 6);
    expect(portraitSize(found)).toBe(size);
  });

  test.each(golden.cuts)('pixels $name', ({ square, size, pixels }) => {
    const cut = cutSquare(picture, square, size);
    expect(cut).toHaveLength(4 * size * size);
    const errors = pixels.map((value, i) => Math.abs(value - (cut[4 * Math.floor(i / 3) + (i % 3)] ?? 0)));
    // Pillow computes with integers.
    expect(Math.max(...errors)).toBeLessThanOrEqual(1);
    expect(errors.filter((error) => error > 0).length).toBeLessThan(0.1 * errors.length);
  });
});
