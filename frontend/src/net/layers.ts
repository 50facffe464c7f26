/**
 * The layers of a sheet: what the page composes F frames of, beside the portrait. The server sends them instead of finished
 * pictures where the page draws. The present comes first, then the futures.
 */
import { readCoordinates } from './coordinates.ts';

/** Sides in pixels of the optical flow, of alpha and paint, and of an eye or mouth crop; crops of a frame; bytes of the flow. */
export type LayersHead = { flow: number; side: number; crops: number; crop: number; flow_bytes: number };

/** The layers as they were received; the mosaic with the colours follows them in the message. */
export type PackedLayers = {
  /** `[F]` in [0, 1]: how much of the networks' change applies; 0 shows the portrait as it is. */
  fade: Float32Array;
  /** `[F, P, 4]` in crop units: centre of each crop, and the axis from there to the middle of its right side. */
  placement: Float32Array;
  /** Deflated, see `unpackFlow`. */
  flow: Uint8Array<ArrayBuffer>;
};

/** Value of the packed flow that stands for 1 crop unit. */
const FLOW_SCALE = 16384;

/** Split what follows the fan. Returns the layers and the offset of the mosaic, or null if the data is too short. */
export function splitLayers(
  data: ArrayBuffer,
  offset: number,
  frames: number,
  head: LayersHead,
): { layers: PackedLayers; mosaic: number } | null {
  const placement = offset + 4 * frames;
  const flow = placement + 2 * 4 * frames * head.crops;
  const mosaic = flow + head.flow_bytes;
  if (mosaic > data.byteLength) return null;
  const view = new DataView(data);
  const fade = Float32Array.from({ length: frames }, (_, i) => view.getFloat32(offset + 4 * i, true));
  return {
    layers: {
      fade,
      placement: readCoordinates(view, placement, 4 * frames * head.crops),
      flow: new Uint8Array(data, flow, head.flow_bytes),
    },
    mosaic,
  };
}

/**
 * Unpack the optical flow of F frames: zlib-deflated i16 `[F, 2, side, side]` in units of 1 / 16384, as differences of each
 * column from the one to its left, then of each row from the one above.
 *
 * @returns offsets in crop units `[F, side, side, 2]` (x, y): where in the portrait a pixel comes from, relative to itself.
 * @throws Error if the data is damaged or of another length.
 */
export async function unpackFlow(packed: Uint8Array<ArrayBuffer>, frames: number, side: number): Promise<Float32Array> {
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream('deflate'));
  const view = new DataView(await new Response(stream).arrayBuffer());
  if (view.byteLength !== 2 * 2 * frames * side * side) throw new Error('The optical flow has another length.');
  const offsets = new Float32Array(2 * frames * side * side);
  // Sums wrap around at 16 bits, as the server's differences do.
  const above = new Int16Array(side);
  let at = 0;
  for (let plane = 0; plane < 2 * frames; plane++) {
    above.fill(0);
    let target = (plane >> 1) * 2 * side * side + (plane & 1);
    for (let row = 0; row < side; row++) {
      let sum = 0;
      for (let column = 0; column < side; column++, at += 2, target += 2) {
        above[column] = (above[column] ?? 0) + view.getInt16(at, true);
        sum += above[column] ?? 0;
        offsets[target] = ((sum << 16) >> 16) / FLOW_SCALE;
      }
    }
  }
  return offsets;
}
