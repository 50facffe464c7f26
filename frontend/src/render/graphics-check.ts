/** Creates a composer, and checks with a small known picture whether this browser's graphics compose it rightly and fast. */
import { Composer, type LayerFrame } from './composer.ts';

/** Side of the known picture, of its layers and of its crop. */
const SIDE = 16;
/** Largest difference of a colour from what it should be, of 255. */
const MAX_ERROR = 4;
/** A tile of this side takes graphics hardware well under a millisecond; where the CPU draws it, the server can do better. */
const TIMED_SIDE = 256;
const TIMED_FRAMES = 4;
const MAX_FRAME_MS = 6;
/** A check that is so slow ends: it would only delay the page. */
const MAX_CHECK_MS = 25;

export type GraphicsCheck = { composer: Composer | null; right: boolean; frameMs: number };

/** Check the graphics; `right` and `frameMs` say how they did. */
export function checkGraphics(): GraphicsCheck {
  const composer = Composer.create();
  const frame = composer && knownFrame(composer);
  if (!frame) return { composer: null, right: false, frameMs: Number.POSITIVE_INFINITY };
  const right = composesRightly(composer, frame);
  const frameMs = right ? timeFrame(composer, frame) : Number.POSITIVE_INFINITY;
  composer.release(frame.textures);
  composer.setPortrait(null);
  return { composer, right, frameMs };
}

/** Return whether frames are composed fast enough to draw all tiles. */
export function isFast({ frameMs }: GraphicsCheck): boolean {
  return frameMs <= MAX_FRAME_MS;
}

function composesRightly(composer: Composer, frame: LayerFrame): boolean {
  if (!composer.compose(frame, frame, 0, SIDE)) return false;
  const expected: [number, number, number[]][] = [
    [1, 1, [255, 0, 0]],
    [6, 1, [0, 0, 255]],
    [14, 1, [0, 0, 255]],
    [1, 14, [128, 128, 0]],
    [14, 14, [0, 128, 128]],
    [8, 8, [255, 255, 255]],
  ];
  const pixels = composer.read(SIDE);
  return expected.every(([x, y, colour]) => {
    const at = 4 * ((SIDE - 1 - y) * SIDE + x);
    return colour.every((value, channel) => Math.abs((pixels[at + channel] ?? -255) - value) <= MAX_ERROR);
  });
}

/**
 * Return the layers for a portrait that is red on the left and blue on the right: they move it by a quarter of its width to
 * the left, cover half of its lower half with green paint, and lay a white crop over its middle.
 */
function knownFrame(composer: Composer): LayerFrame | null {
  composer.setPortrait(paint(SIDE, SIDE, (x) => (x < SIDE / 2 ? [255, 0, 0] : [0, 0, 255])));
  // The cell: paint, alpha, the crop's colour and its opacity.
  const mosaic = paint(SIDE, 4 * SIDE, (_, y) => {
    const [part, row] = [Math.floor(y / SIDE), y % SIDE];
    const covered = row < SIDE / 2 ? 0 : 128;
    if (part === 0) return [0, covered, 0];
    return part === 1 ? [255 - covered, 255 - covered, 255 - covered] : [255, 255, 255];
  });
  const flow = new Float32Array(2 * SIDE * SIDE).map((_, i) => (i % 2 === 0 ? 0.5 : 0));
  const sizes = { flow: SIDE, side: SIDE, crops: 1, crop: SIDE, flow_bytes: 0 };
  const textures = composer.upload(flow, 1, mosaic, sizes, 1);
  return textures && { textures, index: 0, fade: 1, placement: Float32Array.of(0, 0, 0.25, 0) };
}

/** Return milliseconds for a composed frame: the shortest of a few, because the first ones also prepare the graphics. */
function timeFrame(composer: Composer, frame: LayerFrame): number {
  let shortest = Number.POSITIVE_INFINITY;
  for (let i = 0; i < TIMED_FRAMES && shortest > MAX_FRAME_MS; i++) {
    const started = performance.now();
    composer.compose(frame, frame, 0.5, TIMED_SIDE);
    composer.read(1);
    shortest = Math.min(shortest, performance.now() - started);
    if (shortest > MAX_CHECK_MS) break;
  }
  return shortest;
}

function paint(width: number, height: number, colourAt: (x: number, y: number) => number[]): ImageData {
  const image = new ImageData(width, height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) image.data.set([...colourAt(x, y), 255], 4 * (y * width + x));
  }
  return image;
}
