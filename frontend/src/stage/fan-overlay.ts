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
 * Draw all paths: earlier steps opaque, later ones faint, and a dot at the end. Paths other than `highlight` are dimmed. The
 * first future, the most probable one of its method, lies on top.
 */
export function renderFan(context: CanvasRenderingContext2D, fan: Fan, side: Pixels, highlight: number | null): void {
  const [futures, horizon, keypoints] = fan.shape;
  context.clearRect(0, 0, side, side);
  context.lineCap = 'round';
  context.lineJoin = 'round';
  for (let future = futures - 1; future >= 0; future--) {
    const dimmed = highlight !== null && highlight !== future;
    context.strokeStyle = colourOf(future);
    context.fillStyle = colourOf(future);
    context.lineWidth = Math.max(1, side / 190) * widthOf(fan, future);
    for (let keypoint = 0; keypoint < keypoints; keypoint++) {
      renderPath(context, pathOf(fan, future, keypoint, side), side, dimmed ? 0.15 : 1, horizon);
    }
  }
  context.globalAlpha = 1;
}

/** Opacity of each third of a path: cheaper than a gradient per path. */
const OPACITIES = [1, 0.75, 0.5];

function renderPath(
  context: CanvasRenderingContext2D,
  points: number[],
  side: Pixels,
  alpha: number,
  horizon: number,
): void {
  OPACITIES.forEach((opacity, i) => {
    const from = Math.floor((i * (horizon - 1)) / OPACITIES.length);
    const to = Math.floor(((i + 1) * (horizon - 1)) / OPACITIES.length);
    if (to <= from) return;
    context.globalAlpha = opacity * alpha;
    context.beginPath();
    context.moveTo(points[2 * from] ?? 0, points[2 * from + 1] ?? 0);
    for (let step = from + 1; step <= to; step++) context.lineTo(points[2 * step] ?? 0, points[2 * step + 1] ?? 0);
    context.stroke();
  });
  context.globalAlpha = alpha;
  context.beginPath();
  context.arc(points.at(-2) ?? 0, points.at(-1) ?? 0, Math.max(1.2, side / 130), 0, 2 * Math.PI);
  context.fill();
}
