/** The square around the face of a portrait, by the same rule as the server's (`SquareCrop` in `backend/media/crop.py`). */
import { type Pixels, pixels } from '../ui/units.ts';

export type FacePoint = { x: number; y: number; z: number };
export type Square = { x: Pixels; y: Pixels; side: Pixels };
export type Bounds = { left: number; right: number; top: number; bottom: number };

/** Side of the square relative to the longer side of the face's bounding box: room for head and shoulders. */
export const MARGIN = 1.9;
/** The square's middle lies this share of its side above the face's: hair rises higher than the chin reaches down. */
export const RISE = 0.05;
/** A picture that is too small for `MARGIN` is padded only up to this. */
const MIN_MARGIN = 1.4;
/** Largest shift of the square to keep it inside the picture, as a share of its side. */
const MAX_SHIFT = 0.12;
/** A square picture of which the face fills a share between these is not cropped. */
const MIN_FACE_SHARE = 0.35;
const MAX_FACE_SHARE = 0.75;
/** Sides of portraits in pixels; the nearest is used. */
const SIZES = [256, 512, 1024];

/** Return the box around points, in their unit. */
export function boundsOf(points: readonly FacePoint[]): Bounds {
  const far = Number.POSITIVE_INFINITY;
  const bounds = { left: far, right: -far, top: far, bottom: -far };
  for (const { x, y } of points) {
    bounds.left = Math.min(bounds.left, x);
    bounds.right = Math.max(bounds.right, x);
    bounds.top = Math.min(bounds.top, y);
    bounds.bottom = Math.max(bounds.bottom, y);
  }
  return bounds;
}

/** Return the longer side of the box around points, in their unit. */
export function faceSize(points: readonly FacePoint[]): number {
  const { left, right, top, bottom } = boundsOf(points);
  return Math.max(right - left, bottom - top);
}

/** Return the square of a portrait around a face, from points in pixels of a `width` x `height` picture. */
export function portraitSquare(points: readonly FacePoint[], width: number, height: number): Square {
  const { left, right, top, bottom } = boundsOf(points);
  const face = Math.max(1, right - left, bottom - top);
  if (width === height && face >= MIN_FACE_SHARE * width && face <= MAX_FACE_SHARE * width)
    return { x: pixels(0), y: pixels(0), side: pixels(width) };
  const short = Math.min(width, height);
  const side = face * MARGIN > short ? Math.max(face * MIN_MARGIN, short) : face * MARGIN;
  const x = (left + right) / 2 - side / 2;
  const y = (top + bottom) / 2 - side * (0.5 + RISE);
  return { x: pixels(shifted(x, side, width)), y: pixels(shifted(y, side, height)), side: pixels(side) };
}

/** Return the square of a given side whose middle is that of a face. */
export function centredSquare(points: readonly FacePoint[], side: number): Square {
  const { left, right, top, bottom } = boundsOf(points);
  return { x: pixels((left + right - side) / 2), y: pixels((top + bottom - side) / 2), side: pixels(side) };
}

/** Return the portrait's side in pixels for a square. */
export function portraitSize({ side }: Square): number {
  return SIZES.reduce((best, size) => (Math.abs(size - side) < Math.abs(best - side) ? size : best));
}

/** Return the start of an interval, moved towards [0, length] by at most `MAX_SHIFT` of its side. */
function shifted(start: number, side: number, length: number): number {
  const wanted = side <= length ? Math.min(Math.max(start, 0), length - side) : (length - side) / 2;
  return start + Math.min(Math.max(wanted - start, -MAX_SHIFT * side), MAX_SHIFT * side);
}
