import { deflateSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { quantise } from './coordinates.ts';
import { type LayersHead, splitLayers, unpackFlow } from './layers.ts';

/** Pack offsets in units of 1 / 16384, `[F, 2, side, side]`, as the server does. */
function pack(values: number[], side: number): Uint8Array<ArrayBuffer> {
  const along = values.map((value, i) => (i % side === 0 ? value : value - (values[i - 1] ?? 0)));
  const both = along.map((value, i) => (i % (side * side) < side ? value : value - (along[i - side] ?? 0)));
  return Uint8Array.from(deflateSync(Buffer.from(Int16Array.from(both).buffer)));
}

describe('the optical flow', () => {
  const values = [100, 16384, -32768, 32767, 5, 5, -16384, 8192, 0, 1, 2, 3, 4, 5, 6, 7];

  test('is summed along both axes, and the two coordinates of an offset lie together', async () => {
    const offsets = await unpackFlow(pack(values, 2), 2, 2);
    const expected = [0, 4, 1, 5, 2, 6, 3, 7, 8, 12, 9, 13, 10, 14, 11, 15].map((i) => (values[i] ?? 0) / 16384);
    expect([...offsets]).toEqual(expected);
  });

  test('of another length is refused', async () => {
    await expect(unpackFlow(pack(values, 2), 3, 2)).rejects.toThrow('another length');
  });

  test('that is damaged is refused', async () => {
    const damaged = pack(values, 2).fill(7, 0, 2);
    await expect(unpackFlow(damaged, 2, 2)).rejects.toThrow();
  });
});

describe('layers', () => {
  const head: LayersHead = { flow: 2, side: 16, crops: 1, crop: 16, flow_bytes: 3 };
  // One byte before, so that nothing is aligned.
  const data = new ArrayBuffer(1 + 2 * 4 + 2 * 4 * 2 + 3 + 2);
  const view = new DataView(data);
  [0.25, 1].forEach((value, i) => {
    view.setFloat32(1 + 4 * i, value, true);
  });
  const placement = [0.5, -0.5, 1, 0, 0, 0.25, 0, 1];
  placement.forEach((value, i) => {
    view.setUint16(9 + 2 * i, quantise(value), true);
  });
  new Uint8Array(data).set([1, 2, 3, 8, 9], 25);

  test('are split into fade, placement, flow and mosaic', () => {
    const split = splitLayers(data, 1, 2, head);
    expect([...(split?.layers.fade ?? [])]).toEqual([0.25, 1]);
    split?.layers.placement.forEach((value, i) => {
      expect(value).toBeCloseTo(placement[i] ?? Number.NaN, 4);
    });
    expect([...(split?.layers.flow ?? [])]).toEqual([1, 2, 3]);
    expect(split?.mosaic).toBe(28);
  });

  test('that end too early are not split', () => {
    expect(splitLayers(data.slice(0, 27), 1, 2, head)).toBeNull();
  });
});
