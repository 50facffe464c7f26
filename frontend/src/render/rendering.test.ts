import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { SheetMessage } from '../net/connection.ts';
import { SHEET } from '../testing/wire.ts';
import type { Composer } from './composer.ts';
import type { RenderedLayers } from './network-layers.ts';
import type { Networks } from './networks.ts';
import { Rendering } from './rendering.ts';

const picture = { width: 64 } as ImageBitmap;
const composer = { usable: true, upload: vi.fn(() => ({})) };
const graphics = composer as unknown as Composer;
const source = new Float32Array(60);

let now = 0;
let stepMs = 10;
let said: string[];
let rendered: Float32Array[];
const events = { report: (text: string) => said.push(text), stopped: vi.fn(), missing: vi.fn() };

/** Networks that render as fast as the test says, and right unless it says otherwise. */
const networks = {
  onLost: () => {},
  setPortrait: vi.fn(async () => undefined),
  close: vi.fn(),
  render: vi.fn(async (keypoints: Float32Array, frames: number): Promise<RenderedLayers> => {
    now += stepMs;
    rendered.push(keypoints);
    return layersOf(Float32Array.from({ length: frames }, (_, i) => (i === 0 ? 0 : 1)));
  }),
};
const open = vi.fn(async () => networks as unknown as Networks);

function layersOf(fade: Float32Array): RenderedLayers {
  const sizes = { flow: 1, side: 1, crops: 1, crop: 1, flow_bytes: 0 };
  const mosaic = new Uint8ClampedArray(4);
  return {
    fade,
    placement: new Float32Array(4 * fade.length),
    flow: new Float32Array(2),
    mosaic,
    width: 1,
    height: 1,
    columns: 1,
    sizes,
  };
}

function sheet(step: number, generation: number, paths: Float32Array | null = null): SheetMessage {
  const head = {
    ...SHEET,
    way: 'keypoints',
    step,
    generation,
    tiles: step ? 3 : 1,
    paths: paths ? [2, 3, 60] : [0, 0, 60],
  };
  const motion = { source, present: new Float32Array(60).fill(9), paths };
  return {
    type: 'sheet',
    kind: 66,
    epoch: 1,
    seq: 1,
    head: head as never,
    fan: source,
    jpeg: new Uint8Array(),
    layers: null,
    motion,
  };
}

async function ready(forced = false): Promise<Rendering> {
  const rendering = new Rendering(events, open, forced);
  rendering.setPicture(picture);
  await rendering.start(5);
  rendered = [];
  return rendering;
}

beforeEach(() => {
  vi.clearAllMocks();
  vi.stubGlobal('ImageData', class {});
  vi.spyOn(performance, 'now').mockImplementation(() => now);
  said = [];
  rendered = [];
  stepMs = 10;
  composer.usable = true;
});
afterEach(() => vi.restoreAllMocks());

describe('the check', () => {
  test('passes networks that fit well into a step of the clock', async () => {
    const rendering = await ready();
    expect([rendering.ready, rendering.stepMs, said.at(-1)]).toEqual([true, 10, '10 ms a step']);
  });

  test('refuses slow ones, unless they are forced', async () => {
    stepMs = 60;
    expect((await ready()).ready).toBe(false);
    expect(said.at(-1)).toBe('networks stopped: they need 60 ms a step');
    expect(networks.close).toHaveBeenCalledOnce();
    expect((await ready(true)).ready).toBe(true);
  });

  test('refuses wrong ones even then', async () => {
    networks.render.mockImplementationOnce(async (_, frames) => layersOf(new Float32Array(frames).fill(0.5)));
    expect((await ready(true)).ready).toBe(false);
    expect(said.at(-1)).toContain('compute wrongly');
  });

  test('says why the networks could not be loaded, and does not try again', async () => {
    open.mockRejectedValueOnce(new Error('A file of the networks is damaged.'));
    const rendering = await ready();
    expect(said.at(-1)).toBe('networks stopped: A file of the networks is damaged.');
    expect(events.stopped).toHaveBeenCalledOnce();
    await rendering.start(5);
    expect(open).toHaveBeenCalledOnce();
  });
});

describe('too little memory', () => {
  const LITTLE = 'networks stopped: there is too little memory for them';

  test.each([
    "Can't create a session. ERROR_CODE: 6, ERROR_MESSAGE: std::bad_alloc",
    'Aborted(OOM). Build with -sASSERTIONS for more info.',
    'Array buffer allocation failed',
    'WebAssembly.Memory(): could not allocate memory',
    'Device lost: Out of memory',
  ])('for the networks is said in plain words: %s', async (message) => {
    open.mockRejectedValueOnce(new RangeError(message));
    expect((await ready()).ready).toBe(false);
    expect(said.at(-1)).toBe(LITTLE);
    expect(events.stopped).toHaveBeenCalledOnce();
  });

  test('for a frame ends the worker, and the server renders again', async () => {
    const rendering = await ready();
    networks.render.mockRejectedValueOnce(new Error('std::bad_alloc'));
    expect(await rendering.decode(sheet(0, 0), graphics)).toBeNull();
    expect([rendering.ready, said.at(-1)]).toEqual([false, LITTLE]);
    expect(networks.close).toHaveBeenCalledOnce();
    expect(events.stopped).toHaveBeenCalledOnce();
  });
});

describe('a sheet', () => {
  const paths = Float32Array.from({ length: 2 * 3 * 60 }, (_, i) => Math.floor(i / 60));

  test('shows the present and each future at its step', async () => {
    const rendering = await ready();
    expect(await rendering.decode(sheet(2, 7, paths), graphics)).not.toBeNull();
    expect([0, 60, 120].map((at) => rendered[0]?.[at])).toEqual([9, 1, 4]);
    await rendering.decode(sheet(3, 7), graphics);
    expect([0, 60, 120].map((at) => rendered[1]?.[at])).toEqual([9, 2, 5]);
    expect(networks.setPortrait).toHaveBeenCalledTimes(2);
  });

  test('without the futures of its round shows the present, and asks for them once', async () => {
    const rendering = await ready();
    await rendering.decode(sheet(2, 7, paths), graphics);
    await rendering.decode(sheet(1, 8), graphics);
    await rendering.decode(sheet(2, 8), graphics);
    expect(rendered.map((frames) => frames.length)).toEqual([180, 60, 60]);
    expect(events.missing).toHaveBeenCalledOnce();
  });

  test('is not rendered in a hidden page, and is again when it is back', async () => {
    const rendering = await ready();
    const hidden = vi.spyOn(document, 'hidden', 'get').mockReturnValue(true);
    expect(await rendering.decode(sheet(1, 7, paths), graphics)).toBeNull();
    expect(rendered).toEqual([]);
    hidden.mockReturnValue(false);
    expect((await rendering.decode(sheet(2, 7), graphics))?.tiles).toBe(3);
    expect(events.missing).not.toHaveBeenCalled();
  });

  test('is encoded with another portrait', async () => {
    const rendering = await ready();
    await rendering.decode(sheet(0, 0), graphics);
    rendering.setPicture({ width: 32 } as ImageBitmap);
    await rendering.decode(sheet(0, 0), graphics);
    expect(networks.setPortrait).toHaveBeenCalledTimes(3);
  });
});

describe('the server renders again', () => {
  test('when the graphics are lost, also while a sheet is rendered', async () => {
    const rendering = await ready();
    networks.render.mockRejectedValueOnce(new Error('Device lost'));
    expect(await rendering.decode(sheet(0, 0), graphics)).toBeNull();
    networks.onLost();
    expect([rendering.ready, said.at(-1)]).toEqual([false, 'networks stopped: Device lost']);
    expect(events.stopped).toHaveBeenCalledOnce();
    expect(await rendering.decode(sheet(0, 0), graphics)).toBeNull();
  });

  test('when many steps in a row are late', async () => {
    const rendering = await ready();
    stepMs = 100;
    for (let i = 0; i < 5; i++) await rendering.decode(sheet(0, 0), graphics);
    stepMs = 10;
    await rendering.decode(sheet(0, 0), graphics);
    stepMs = 100;
    for (let i = 0; i < 5; i++) expect(await rendering.decode(sheet(0, 0), graphics)).not.toBeNull();
    expect(await rendering.decode(sheet(0, 0), graphics)).toBeNull();
    expect(said.at(-1)).toBe('networks stopped: they need 100 ms a step');
  });
});
