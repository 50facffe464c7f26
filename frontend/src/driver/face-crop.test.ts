import { expect, test } from 'vitest';
import type { FacePoint } from '../portrait/portrait-crop.ts';
import { isFramed, squareAround, toSquare } from './face-crop.ts';

/** A face-shaped cloud: 478 points on an ellipse, in [0, 1] of a 640 x 480 picture. */
function face(x: number, y: number, scale = 1): FacePoint[] {
  return Array.from({ length: 478 }, (_, i) => {
    const angle = (2 * Math.PI * i) / 478;
    return { x: x + (scale * 60 * Math.cos(angle)) / 640, y: y + (scale * 80 * Math.sin(angle)) / 480, z: 0.01 };
  });
}

const square = squareAround(face(0.5, 0.5), 640, 480);

test('the square is 1.9 times the face and lies around it', () => {
  expect(square.side).toBeCloseTo(1.9 * 160, 1);
  expect(square.x + square.side / 2).toBeCloseTo(320, 3);
});

test('landmarks come out in units of the square, with one scale for all axes', () => {
  const landmarks = toSquare(face(0.5, 0.5), 640, 480, square);
  const xs = landmarks.filter((_, i) => i % 3 === 0);
  const ys = landmarks.filter((_, i) => i % 3 === 1);
  expect(Math.max(...xs) - Math.min(...xs)).toBeCloseTo(120 / (square.side / 2), 3);
  expect(Math.max(...ys) - Math.min(...ys)).toBeCloseTo(2 / 1.9, 3);
  expect(landmarks[2]).toBeCloseTo((0.01 * 640) / (square.side / 2), 5);
});

test('the square stays valid while the head moves in it, and not when the face leaves, shrinks or grows', () => {
  const fits = (points: FacePoint[]) => isFramed(toSquare(points, 640, 480, square));
  expect(fits(face(0.55, 0.5))).toBe(true);
  expect(fits(face(0.95, 0.5))).toBe(false);
  expect(fits(face(0.5, 0.5, 0.3))).toBe(false);
  expect(fits(face(0.5, 0.5, 2.2))).toBe(false);
});
