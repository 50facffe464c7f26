/** Draws the fan, the keypoint paths of all futures, over the present picture. */
import { colourOf } from '../ui/palette.ts';
import { type Pixels, toPixels, unit } from '../ui/units.ts';

export type Fan = {
  /** `[K, H, N, 2]` in [-1, 1] of the portrait's crop. */
  values: Float32Array;
  shape: [number, number, number];
  /** Of the futures of each method, as in `SheetHead`. */
  shares: readonly number[];
};

/** Return one keypoint's path in pixels of a square of this side: x0, y0, x1, y1, ... */
export function pathOf(fan: Fan, future: number, keypoint: number, side: Pixels): number[] {
  const [, horizon, count] = fan.shape;
  const points: number[] = [];
  for (let step = 0; step < horizon; step++) {
    const at = ((future * horizon + step) * count + keypoint) * 2;
    points.push(toPixels(unit(fan.values[at] ?? 0), side), toPixels(unit(fan.values[at + 1] ?? 0), side));
  }
  return points;
}

/** Return the width of a future's lines, relative to the usual one: its square follows the future's share. */
export function widthOf({ shares }: Fan, future: number): number {
  const share = shares[future];
  if (share === undefined) return 1;
  const mean = shares.reduce((sum, value) => sum + value, 0) / shares.length;
  return Math.min(1.7, Math.max(0.65, Math.sqrt(share / mean)));
}

/**
 * Draw all paths: steps that have passed faint, the next ones opaque, later ones less so, and a dot at the end. Paths other
 * than `highlight` are dimmed. The first future, the most probable one of its method, lies on top.
 */
export function renderFan(
  context: CanvasRenderingContext2D,
  fan: Fan,
  side: Pixels,
  highlight: number | null,
  passed: number,
): void {
  const [futures, , keypoints] = fan.shape;
  context.clearRect(0, 0, side, side);
  context.lineCap = 'round';
  context.lineJoin = 'round';
  for (let future = futures - 1; future >= 0; future--) {
    const dimmed = highlight !== null && highlight !== future;
    context.strokeStyle = colourOf(future);
    context.fillStyle = colourOf(future);
    context.lineWidth = Math.max(1, side / 190) * widthOf(fan, future);
    for (let keypoint = 0; keypoint < keypoints; keypoint++) {
      renderPath(context, pathOf(fan, future, keypoint, side), side, dimmed ? 0.15 : 1, passed);
    }
  }
  context.globalAlpha = 1;
}

/** Opacity of what has passed, and of each third of the rest: cheaper than a gradient per path. */
const PASSED_OPACITY = 0.22;
const OPACITIES = [1, 0.75, 0.5];

function renderPath(
  context: CanvasRenderingContext2D,
  points: number[],
  side: Pixels,
  alpha: number,
  passed: number,
): void {
  const last = points.length / 2 - 1;
  // The first point of a path is one step away.
  const now = Math.min(last, Math.max(0, passed - 1));
  const stroke = (from: number, to: number, opacity: number) => {
    if (to <= from) return;
    context.globalAlpha = opacity * alpha;
    context.beginPath();
    context.moveTo(points[2 * from] ?? 0, points[2 * from + 1] ?? 0);
    for (let step = from + 1; step <= to; step++) context.lineTo(points[2 * step] ?? 0, points[2 * step + 1] ?? 0);
    context.stroke();
  };
  stroke(0, now, PASSED_OPACITY);
  OPACITIES.forEach((opacity, i) => {
    const at = (part: number) => now + Math.floor((part * (last - now)) / OPACITIES.length);
    stroke(at(i), at(i + 1), opacity);
  });
  context.globalAlpha = alpha;
  context.beginPath();
  context.arc(points.at(-2) ?? 0, points.at(-1) ?? 0, Math.max(1.2, side / 130), 0, 2 * Math.PI);
  context.fill();
}
