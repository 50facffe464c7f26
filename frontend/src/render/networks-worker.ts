/** The worker that runs the networks with onnxruntime-web: WebGPU where there is one, WebAssembly for tests. */
import * as ort from 'onnxruntime-web/webgpu';
import { LayerBoard, type Outputs, type RenderedLayers } from './network-layers.ts';

export type Provider = 'webgpu' | 'wasm';

export type Request =
  /** The networks' files, the runtime's WebAssembly, and the number of frames in one pass. */
  | { kind: 'open'; encode: ArrayBuffer; render: ArrayBuffer; runtime: ArrayBuffer; provider: Provider; batch: number }
  /** A portrait with its flat keypoints `[6N]`. */
  | { kind: 'portrait'; picture: ImageBitmap; source: Float32Array }
  /** Flat keypoints `[F, 6N]`. */
  | { kind: 'render'; frames: number; keypoints: Float32Array };

/** The answer to a request, in order. */
export type Answer = { kind: 'done'; layers: RenderedLayers | null } | { kind: 'failed'; reason: string };
/** Sent at any time. */
export type Notice = { kind: 'lost' };

type Feeds = Record<string, ort.Tensor>;

let encoder: ort.InferenceSession | null = null;
let renderer: ort.InferenceSession | null = null;
let batch = 1;
let portrait: Feeds | null = null;

async function open(request: Extract<Request, { kind: 'open' }>): Promise<null> {
  ort.env.wasm.wasmBinary = request.runtime;
  // Several threads would need a page that is isolated from all other sites.
  ort.env.wasm.numThreads = 1;
  ort.env.logLevel = 'error';
  batch = request.batch;
  // Once per portrait: WebAssembly is fast enough, and has every operator.
  encoder = await ort.InferenceSession.create(new Uint8Array(request.encode), { executionProviders: ['wasm'] });
  renderer = await ort.InferenceSession.create(new Uint8Array(request.render), {
    executionProviders: [request.provider],
    // A fixed number of frames lets the runtime fold all computations of shapes.
    freeDimensionOverrides: { frames: batch },
  });
  if (request.provider === 'webgpu') {
    const device = (await ort.env.webgpu.device) as unknown as { lost: Promise<unknown> };
    void device.lost.then(() => postMessage({ kind: 'lost' } satisfies Notice));
  }
  return null;
}

async function encode({ picture, source }: Extract<Request, { kind: 'portrait' }>): Promise<null> {
  if (!encoder) throw new Error('The networks are not loaded.');
  const { width, height } = picture;
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
  if (!context) throw new Error('There is no canvas to read the portrait with.');
  context.drawImage(picture, 0, 0);
  picture.close();
  const { data } = context.getImageData(0, 0, width, height);
  const pixels = new Float32Array(3 * width * height);
  for (let channel = 0, at = 0; channel < 3; channel++) {
    for (let i = channel; i < data.length; i += 4) pixels[at++] = (data[i] ?? 0) / 255;
  }
  const { value, jacobian } = split(source, 1);
  const face = { source_value: value, source_jacobian: jacobian };
  portrait = { ...(await encoder.run({ ...face, picture: new ort.Tensor(pixels, [1, 3, height, width]) })), ...face };
  return null;
}

async function render({ frames, keypoints }: Extract<Request, { kind: 'render' }>): Promise<RenderedLayers> {
  if (!renderer || !portrait) throw new Error('There is no portrait to render.');
  const length = keypoints.length / frames;
  let board: LayerBoard | null = null;
  for (let first = 0; first < frames; first += batch) {
    const part = new Float32Array(batch * length);
    const given = keypoints.subarray(first * length, (first + batch) * length);
    part.set(given);
    // Every pass has the same number of frames: the last frame fills the rest.
    for (let at = given.length; at < part.length; at += length) part.set(given.subarray(-length), at);
    const results = await renderer.run({ ...portrait, ...split(part, batch) });
    const outputs = results as unknown as Outputs;
    board ??= new LayerBoard(frames, outputs);
    board.add(outputs);
    for (const tensor of Object.values(results)) tensor.dispose();
  }
  if (!board) throw new Error('There is no frame to render.');
  return board.layers;
}

/** Split flat keypoints `[F, 6N]` into positions `[F, N, 2]` and Jacobians `[F, N, 2, 2]`. */
function split(flat: Float32Array, frames: number): { value: ort.Tensor; jacobian: ort.Tensor } {
  const count = flat.length / (6 * frames);
  const [value, jacobian] = [new Float32Array(2 * frames * count), new Float32Array(4 * frames * count)];
  for (let i = 0; i < frames * count; i++) {
    value.set(flat.subarray(6 * i, 6 * i + 2), 2 * i);
    jacobian.set(flat.subarray(6 * i + 2, 6 * i + 6), 4 * i);
  }
  return {
    value: new ort.Tensor(value, [frames, count, 2]),
    jacobian: new ort.Tensor(jacobian, [frames, count, 2, 2]),
  };
}

function answerOf(request: Request): Promise<RenderedLayers | null> {
  if (request.kind === 'open') return open(request);
  return request.kind === 'portrait' ? encode(request) : render(request);
}

let chain: Promise<void> = Promise.resolve();

self.onmessage = ({ data }: MessageEvent<Request>) => {
  chain = chain.then(async () => {
    try {
      const layers = await answerOf(data);
      const parts = layers ? [layers.flow.buffer, layers.mosaic.buffer] : [];
      postMessage({ kind: 'done', layers } satisfies Answer, { transfer: parts });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      postMessage({ kind: 'failed', reason } satisfies Answer);
    }
  });
};
