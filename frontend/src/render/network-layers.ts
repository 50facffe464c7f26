/** Lays out what the networks return as the composer takes it: the optical flow, and a mosaic of the colours. */
import type { LayersHead } from '../net/layers.ts';

/** The networks' outputs for some frames, by name: numbers and shape. */
export type Outputs = Record<string, { readonly data: Float32Array; readonly dims: readonly number[] }>;

/** Layers of F frames; `flow` and `placement` are those of a received sheet, the mosaic is RGBA. */
export type RenderedLayers = {
  fade: Float32Array;
  placement: Float32Array;
  flow: Float32Array;
  mosaic: Uint8ClampedArray<ArrayBuffer>;
  width: number;
  height: number;
  columns: number;
  sizes: LayersHead;
};

const MAX_COLUMNS = 6;

export class LayerBoard {
  readonly layers: RenderedLayers;
  #filled = 0;

  /** Create a board for a number of frames with the sizes of these outputs. @throws Error if they lack a part. */
  constructor(
    private readonly frames: number,
    like: Outputs,
  ) {
    const [flow, side, crop] = [part(like, 'offset', 3), part(like, 'alpha', 3), part(like, 'opacity', 4)];
    const crops = part(like, 'centres', 1);
    const columns = Math.min(frames, MAX_COLUMNS);
    const [width, height] = [
      columns * Math.max(side, crops * crop),
      Math.ceil(frames / columns) * 2 * (side + crop),
    ] as const;
    this.layers = {
      fade: new Float32Array(frames),
      placement: new Float32Array(4 * crops * frames),
      flow: new Float32Array(2 * flow * flow * frames),
      mosaic: new Uint8ClampedArray(4 * width * height).fill(255),
      width,
      height,
      columns,
      sizes: { flow, side, crops, crop, flow_bytes: 0 },
    };
  }

  /** Add the first frames of these outputs, as many as still have room. @throws Error if a number is not finite. */
  add(outputs: Outputs): void {
    const count = Math.min(part(outputs, 'fade', 0), this.frames - this.#filled);
    for (let row = 0; row < count; row++) this.#addFrame(outputs, row, this.#filled++);
  }

  #addFrame(outputs: Outputs, row: number, frame: number): void {
    const { layers } = this;
    const { flow, side, crops, crop } = layers.sizes;
    layers.fade[frame] = rowOf(outputs, 'fade', row)[0] ?? 0;
    const [centres, axes] = [rowOf(outputs, 'centres', row), rowOf(outputs, 'axes', row)];
    for (let i = 0; i < crops; i++) {
      layers.placement.set(centres.subarray(2 * i, 2 * i + 2), 4 * (frame * crops + i));
      layers.placement.set(axes.subarray(2 * i, 2 * i + 2), 4 * (frame * crops + i) + 2);
    }
    // From planes to pairs.
    const [offset, area] = [rowOf(outputs, 'offset', row), flow * flow];
    const start = 2 * area * frame;
    for (let i = 0; i < area; i++) {
      layers.flow[start + 2 * i] = offset[i] ?? 0;
      layers.flow[start + 2 * i + 1] = offset[area + i] ?? 0;
    }
    if (!Number.isFinite(offset[0]) || !Number.isFinite(layers.fade[frame]))
      throw new Error('The frame is not finite.');
    const x = (frame % layers.columns) * Math.max(side, crops * crop);
    const y = Math.floor(frame / layers.columns) * 2 * (side + crop);
    this.#paint(rowOf(outputs, 'paint', row), side, x, y);
    this.#paint(rowOf(outputs, 'alpha', row), side, x, y + side);
    const [colour, opacity] = [rowOf(outputs, 'colour', row), rowOf(outputs, 'opacity', row)];
    const pixels = crop * crop;
    for (let i = 0; i < crops; i++) {
      this.#paint(colour.subarray(3 * pixels * i, 3 * pixels * (i + 1)), crop, x + i * crop, y + 2 * side);
      this.#paint(opacity.subarray(pixels * i, pixels * (i + 1)), crop, x + i * crop, y + 2 * side + crop);
    }
  }

  /** Write a square of values in [0, 1] at a corner of the mosaic: planes of three colours, or one plane of grey. */
  #paint(values: Float32Array, side: number, x: number, y: number): void {
    const { mosaic, width } = this.layers;
    const area = side * side;
    const [green, blue] = values.length > area ? [area, 2 * area] : [0, 0];
    for (let row = 0, at = 0; row < side; row++) {
      let target = 4 * ((y + row) * width + x);
      for (let column = 0; column < side; column++, at++, target += 4) {
        // Storing in this array rounds and clamps.
        mosaic[target] = 255 * (values[at] ?? 0);
        mosaic[target + 1] = 255 * (values[at + green] ?? 0);
        mosaic[target + 2] = 255 * (values[at + blue] ?? 0);
      }
    }
  }
}

function part(outputs: Outputs, name: string, axis: number): number {
  const size = outputs[name]?.dims[axis];
  if (!size) throw new Error(`The networks did not return ${name}.`);
  return size;
}

function rowOf(outputs: Outputs, name: string, row: number): Float32Array {
  const { data, dims } = outputs[name] ?? { data: new Float32Array(), dims: [1] };
  const length = data.length / (dims[0] ?? 1);
  return data.subarray(row * length, (row + 1) * length);
}
