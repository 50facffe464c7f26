import { deflateSync } from 'node:zlib';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { SheetMessage } from '../net/connection.ts';
import { SHEET } from '../testing/wire.ts';
import type { Composer } from './composer.ts';
import { decodeSheet } from './decode-sheet.ts';

const bitmap = { close: vi.fn() };
const textures = { name: 'textures' };
const composer = {
  side: 512,
  canvas: {},
  holds: vi.fn(() => true),
  upload: vi.fn(() => textures),
  compose: vi.fn(() => true),
  release: vi.fn(),
};
const graphics = composer as unknown as Composer;
const context = { drawImage: vi.fn() };
const target = context as unknown as CanvasRenderingContext2D;

/** Two frames with one crop each, in a flow of one pixel. */
const message = (jpeg = [1]): SheetMessage => ({
  type: 'sheet',
  kind: 66,
  epoch: 1,
  seq: 1,
  head: { ...SHEET, tiles: 2, columns: 2, layers: { flow: 1, side: 16, crops: 1, crop: 16, flow_bytes: 9 } } as never,
  fan: new Float32Array(),
  jpeg: Uint8Array.from(jpeg),
  motion: null,
  layers: {
    fade: Float32Array.of(0, 1),
    placement: Float32Array.of(0, 0, 1, 0, 0.5, 0.5, 0, 1),
    flow: Uint8Array.from(deflateSync(Buffer.from(new Int16Array(4).buffer))),
  },
});
async function layered() {
  const sheet = await decodeSheet(message(), graphics);
  if (!sheet) throw new Error('no sheet');
  return sheet;
}

beforeEach(() => {
  vi.clearAllMocks();
  composer.side = 512;
  vi.stubGlobal('createImageBitmap', async () => bitmap);
});

describe('a message', () => {
  test('without tiles makes no sheet', async () => expect(await decodeSheet(message([]), graphics)).toBeNull());

  test('with layers makes none without graphics or before the portrait', async () => {
    expect(await decodeSheet(message(), null)).toBeNull();
    composer.side = 0;
    expect(await decodeSheet(message(), graphics)).toBeNull();
  });

  test('with pictures makes a sheet of cells', async () => {
    const head = { ...message().head, layers: null, tile: 8, columns: 1 };
    const sheet = await decodeSheet({ ...message(), head, layers: null }, null);
    expect(sheet?.canBlend(sheet)).toBe(false);
    expect(sheet?.picture(1).sideFor(300)).toBe(8);
    sheet?.picture(1).draw(target, 64);
    expect(context.drawImage).toHaveBeenCalledWith(bitmap, 0, 8, 8, 8, 0, 0, 64, 64);
  });
});

describe('a sheet of layers', () => {
  test('is composed at the size of the tile, but not larger than the portrait', async () => {
    const picture = (await layered()).picture(1);
    expect([200, 900].map((wanted) => picture.sideFor(wanted))).toEqual([200, 512]);
    expect(picture.draw(target, 200)).toBe(true);
    const frame = { textures, index: 1, fade: 1, placement: Float32Array.of(0.5, 0.5, 0, 1) };
    expect(composer.compose).toHaveBeenCalledWith(frame, frame, 0, 200);
    expect(context.drawImage).toHaveBeenCalledWith(composer.canvas, 0, 0, 200, 200, 0, 0, 200, 200);
  });

  test('is blended with the next one', async () => {
    const [first, second] = [await layered(), await layered()];
    expect(first.canBlend(second)).toBe(true);
    first.between(0, second, 1, 0.25).draw(target, 64);
    expect(composer.compose).toHaveBeenCalledWith(
      expect.objectContaining({ index: 0, fade: 0 }),
      expect.objectContaining({ index: 1, fade: 1 }),
      0.25,
      64,
    );
  });

  test('shows nothing after the graphics that held it are lost', async () => {
    const sheet = await layered();
    composer.holds.mockReturnValue(false);
    composer.compose.mockReturnValueOnce(false);
    expect([sheet.usable, sheet.canBlend(sheet), sheet.picture(0).sideFor(200)]).toEqual([false, false, 0]);
    expect(sheet.picture(0).draw(target, 200)).toBe(false);
    expect(context.drawImage).not.toHaveBeenCalled();
    composer.holds.mockReturnValue(true);
  });

  test('frees its textures', async () => {
    (await layered()).close();
    expect(composer.release).toHaveBeenCalledExactlyOnceWith(textures);
    expect(bitmap.close).toHaveBeenCalledOnce();
  });
});
