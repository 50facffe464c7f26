/** The square of the camera picture that landmarks are measured in: set at the first face, then held. */
import { COORDINATES, LANDMARKS } from './protocol.ts';
import { type Pixels, pixels } from './units.ts';

export type FacePoint = { x: number; y: number; z: number };
export type Square = { x: Pixels; y: Pixels; side: Pixels };

/** Head and shoulders: the side of the square over the longer side of the face's bounding box. */
const MARGIN = 1.9;
/** The face sits a little below the square's middle, since hair rises higher above it than the chin reaches below. */
const RISE = 0.05;
/** Landmarks this far out (crop units; the wire carries up to 2) mean that the face has left the square. */
const REACH = 1.6;
/** A square whose face has shrunk or grown beyond these shares of it no longer frames that person. */
const SMALLEST = 0.22;
const LARGEST = 0.95;

/** A square around a face, from points in [0, 1] of a `width` x `height` picture. */
export function squareAround(points: FacePoint[], width: number, height: number): Square {
  const box = boundsOf(points);
  const wide = (box.right - box.left) * width;
  const high = (box.bottom - box.top) * height;
  const side = Math.max(wide, high) * MARGIN;
  const x = ((box.left + box.right) / 2) * width - side / 2;
  const y = ((box.top + box.bottom) / 2) * height - side * (0.5 + RISE);
  return { x: pixels(x), y: pixels(y), side: pixels(side) };
}

/** Points in [0, 1] of the picture -> `[478 * 3]` in [-1, 1] of the square; z in the scale of x. */
export function intoSquare(points: FacePoint[], width: number, height: number, square: Square): Float32Array {
  const landmarks = new Float32Array(COORDINATES);
  const scale = 2 / square.side;
  points.slice(0, LANDMARKS).forEach((point, i) => {
    landmarks[3 * i] = (point.x * width - square.x) * scale - 1;
    landmarks[3 * i + 1] = (point.y * height - square.y) * scale - 1;
    landmarks[3 * i + 2] = point.z * width * scale;
  });
  return landmarks;
}

/** Whether landmarks still lie in their square and fill a sensible share of it. */
export function framed(landmarks: Float32Array): boolean {
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < landmarks.length; i += 3) {
    const x = landmarks[i] ?? 0;
    const y = landmarks[i + 1] ?? 0;
    if (Math.abs(x) > REACH || Math.abs(y) > REACH) return false;
    least = Math.min(least, y);
    most = Math.max(most, y);
  }
  const share = (most - least) / 2;
  return share > SMALLEST && share < LARGEST;
}

function boundsOf(points: FacePoint[]): { left: number; right: number; top: number; bottom: number } {
  const bounds = { left: 1, right: 0, top: 1, bottom: 0 };
  for (const { x, y } of points) {
    bounds.left = Math.min(bounds.left, x);
    bounds.right = Math.max(bounds.right, x);
    bounds.top = Math.min(bounds.top, y);
    bounds.bottom = Math.max(bounds.bottom, y);
  }
  return bounds;
}
