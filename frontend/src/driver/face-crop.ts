/** The square of the camera picture that landmarks are relative to: chosen at the first face, then kept fixed. */
import { COORDINATES, LANDMARKS } from '../net/protocol.ts';
import { boundsOf, type FacePoint, MARGIN, RISE, type Square } from '../portrait/portrait-crop.ts';
import { pixels } from '../ui/units.ts';

/** A landmark further out (in crop units; the wire carries up to 2) means that the face has left the square. */
const MAX_COORDINATE = 1.6;
/** A face that is smaller or larger than these shares of the square needs a new square. */
const MIN_FACE_SHARE = 0.22;
const MAX_FACE_SHARE = 0.95;

/** Return a square around a face, from points in [0, 1] of a `width` x `height` picture. */
export function squareAround(points: FacePoint[], width: number, height: number): Square {
  const box = boundsOf(points);
  const wide = (box.right - box.left) * width;
  const high = (box.bottom - box.top) * height;
  const side = Math.max(wide, high) * MARGIN;
  const x = ((box.left + box.right) / 2) * width - side / 2;
  const y = ((box.top + box.bottom) / 2) * height - side * (0.5 + RISE);
  return { x: pixels(x), y: pixels(y), side: pixels(side) };
}

/** Convert points in [0, 1] of the picture to `[478 * 3]` coordinates in [-1, 1] of the square; z has the scale of x. */
export function toSquare(points: FacePoint[], width: number, height: number, square: Square): Float32Array {
  const landmarks = new Float32Array(COORDINATES);
  const scale = 2 / square.side;
  points.slice(0, LANDMARKS).forEach((point, i) => {
    landmarks[3 * i] = (point.x * width - square.x) * scale - 1;
    landmarks[3 * i + 1] = (point.y * height - square.y) * scale - 1;
    landmarks[3 * i + 2] = point.z * width * scale;
  });
  return landmarks;
}

/** Return whether landmarks still lie in their square and fill a sensible share of it. */
export function isFramed(landmarks: Float32Array): boolean {
  let top = Number.POSITIVE_INFINITY;
  let bottom = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < landmarks.length; i += 3) {
    const x = landmarks[i] ?? 0;
    const y = landmarks[i + 1] ?? 0;
    if (Math.abs(x) > MAX_COORDINATE || Math.abs(y) > MAX_COORDINATE) return false;
    top = Math.min(top, y);
    bottom = Math.max(bottom, y);
  }
  const share = (bottom - top) / 2;
  return share > MIN_FACE_SHARE && share < MAX_FACE_SHARE;
}
