import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { SHEET, serverBytes } from '../testing/wire.ts';
import { dequantise, quantise } from './coordinates.ts';
import { unpackFlow } from './layers.ts';
import { type ClientMessage, decode, encode, Kind, ProtocolError } from './protocol.ts';

const GOLDEN = resolve(import.meta.dirname, '../../../tests/golden/protocol');

type Golden = {
  file: string;
  from: 'client' | 'server';
  kind: number;
  epoch: number;
  seq: number;
  head: Record<string, unknown>;
  landmarks?: number[] | null;
  fan?: number[];
  jpeg_hex?: string;
  layers_hex?: string;
  layers?: Record<'fade' | 'centres' | 'axes' | 'offset', number[]>;
  keypoints_hex?: string;
  keypoints?: Record<'source' | 'present' | 'paths', number[]>;
};

const { messages, version } = JSON.parse(readFileSync(`${GOLDEN}/protocol.json`, 'utf8')) as {
  version: number;
  messages: Golden[];
};
const bytes = (file: string): Uint8Array<ArrayBuffer> => Uint8Array.from(readFileSync(`${GOLDEN}/${file}`));
const NAMES = Object.fromEntries(Object.entries(Kind).map(([name, kind]) => [kind, name]));

function clientMessage(golden: Golden): ClientMessage {
  const kind = NAMES[golden.kind] as ClientMessage['kind'];
  if (kind === 'controls') return { kind, settings: golden.head as Record<string, number> };
  const landmarks = golden.landmarks ? Float32Array.from(golden.landmarks) : null;
  return { kind, ...golden.head, landmarks } as unknown as ClientMessage;
}

/** Prelude, parsed head and payload: client and server may format the JSON head differently (spaces, 1.0 or 1). */
function parts(data: Uint8Array<ArrayBuffer>) {
  const view = new DataView(data.buffer);
  const end = 12 + view.getUint32(8, true);
  return {
    prelude: [view.getUint8(0), view.getUint8(1), view.getUint16(2, true), view.getUint32(4, true)],
    head: JSON.parse(new TextDecoder().decode(data.subarray(12, end))) as unknown,
    payload: [...data.subarray(end)],
  };
}

function expectClose(values: Float32Array, expected: number[] = []): void {
  expect(values.length).toBe(expected.length);
  values.forEach((value, i) => {
    expect(value).toBeCloseTo(expected[i] ?? Number.NaN, 4);
  });
}

describe('golden messages', () => {
  test('have the version that this page uses', () => expect(version).toBe(1));

  test.each(messages.filter(({ from }) => from === 'client'))('$file equals what the page sends', (golden) => {
    const ours = encode(clientMessage(golden), golden.epoch, golden.seq);
    expect(parts(ours)).toEqual(parts(bytes(golden.file)));
  });

  test.each(messages.filter(({ from }) => from === 'server'))('$file is decoded', (golden) => {
    const message = decode(bytes(golden.file).buffer);
    expect([message.kind, message.epoch, message.seq]).toEqual([golden.kind, golden.epoch, golden.seq]);
    expect(message.head).toMatchObject(golden.head);
    if (message.type !== 'sheet') return;
    expectClose(message.fan, golden.fan);
    const jpeg = Buffer.from(message.jpeg).toString('hex');
    if (golden.jpeg_hex !== undefined) expect(jpeg).toBe(golden.jpeg_hex);
    else if (golden.keypoints_hex !== undefined) expect(jpeg).toBe('');
    else expect(jpeg).toBe(golden.layers_hex?.slice(-jpeg.length));
  });

  test.each(messages.filter(({ layers }) => layers))('$file holds its layers', async (golden) => {
    const message = decode(bytes(golden.file).buffer);
    if (message.type !== 'sheet' || !message.layers || !message.head.layers) throw new Error('no layers');
    const { fade, placement, flow } = message.layers;
    expectClose(fade, golden.layers?.fade);
    expectClose(
      placement.filter((_, i) => i % 4 < 2),
      golden.layers?.centres,
    );
    expectClose(
      placement.filter((_, i) => i % 4 >= 2),
      golden.layers?.axes,
    );
    const side = message.head.layers.flow;
    const offsets = await unpackFlow(flow, fade.length, side);
    // The server's planes `[F, 2, side, side]` against `[F, side, side, 2]`.
    const area = side * side;
    const planes = offsets.map((_, i) => {
      const [plane, place] = [Math.floor(i / area), i % area];
      return offsets[(plane >> 1) * 2 * area + 2 * place + (plane & 1)] ?? Number.NaN;
    });
    expectClose(planes, golden.layers?.offset);
    expect([...message.jpeg.slice(0, 2)]).toEqual([0xff, 0xd8]);
  });
});

test.each(messages.filter(({ keypoints }) => keypoints))('$file holds its keypoints', (golden) => {
  const message = decode(bytes(golden.file).buffer);
  if (message.type !== 'sheet' || !message.motion) throw new Error('no keypoints');
  expectClose(message.motion.source, golden.keypoints?.source);
  expectClose(message.motion.present, golden.keypoints?.present);
  expectClose(message.motion.paths ?? new Float32Array(), golden.keypoints?.paths);
});

describe('a sheet of keypoints', () => {
  const sheet = (paths: number[], payload: number[]) =>
    decode(serverBytes('sheet', { ...SHEET, way: 'keypoints', paths }, 0, 0, payload));

  test('may have no futures', () => {
    const one = [0x00, 0x3c];
    const message = sheet([0, 0, 6], Array.from({ length: 12 }, () => one).flat());
    if (message.type !== 'sheet') throw new Error('no sheet');
    expect(message.motion).toEqual({
      source: Float32Array.of(1, 1, 1, 1, 1, 1),
      present: expect.anything(),
      paths: null,
    });
  });

  test.each([
    [[0, 0, 0], 0],
    [[0, 0, 5], 20],
    [[0, 0, 6], 23],
    [[0, 0, 6], 25],
    [[1, 2, 6], 24],
    [[-1, -2, 6], 48],
    [[1e9, 1e9, 6], 24],
  ])('that does not fit its head %j is refused', (paths, length) => {
    expect(() => sheet(paths, Array<number>(length).fill(0))).toThrow(ProtocolError);
  });

  test('that is not finite is refused', () => {
    const infinite = Array.from({ length: 12 }, () => [0x00, 0x7c]).flat();
    expect(() => sheet([0, 0, 6], infinite)).toThrow(ProtocolError);
  });
});

test('a sheet without shares and way holds pictures of futures that were not chosen', () => {
  const { age: _age, shares: _shares, drawn: _drawn, way: _way, layers: _layers, paths: _paths, ...older } = SHEET;
  expect(decode(serverBytes('sheet', older)).head).toMatchObject({ age: 0, shares: [], drawn: 0, way: 'pictures' });
});

describe('coordinates', () => {
  test('are exact to half a quantisation step', () => {
    for (const value of [-2, -1.2345, 0, 0.5, 1.99999, 2]) {
      expect(Math.abs(dequantise(quantise(value)) - value)).toBeLessThanOrEqual(2 / 65535);
    }
  });

  test('are clamped to [-2, 2]', () => {
    expect([quantise(-9), quantise(9)]).toEqual([0, 65535]);
  });
});

describe('malformed messages are refused', () => {
  const good = bytes('pong.bin');

  test('shorter than a prelude', () => expect(() => decode(good.slice(0, 11).buffer)).toThrow(ProtocolError));

  test('shorter than their head length says', () => {
    expect(() => decode(good.slice(0, -1).buffer)).toThrow(ProtocolError);
  });

  test('a sheet cut off in its fan', () => {
    const sheet = bytes('sheet.bin');
    const end = 12 + new DataView(sheet.buffer).getUint32(8, true);
    expect(() => decode(sheet.slice(0, end + 7).buffer)).toThrow(ProtocolError);
  });

  test('a sheet cut off in its layers', () => {
    const sheet = bytes('sheet_layers.bin');
    const fan = 2 * 3 * 10 * 2;
    const end = 12 + new DataView(sheet.buffer).getUint32(8, true) + 2 * fan;
    expect(() => decode(sheet.slice(0, end + 20).buffer)).toThrow(ProtocolError);
  });

  test.each([
    ['version', 0],
    ['kind', 1],
  ])('of an unknown %s', (_name, at) => {
    const other = good.slice();
    other[at] = 200;
    expect(() => decode(other.buffer)).toThrow(ProtocolError);
  });

  test('landmarks of another number of points are not sent', () => {
    const message: ClientMessage = { kind: 'landmarks', t: 0, landmarks: new Float32Array(9) };
    expect(() => encode(message, 0, 0)).toThrow(ProtocolError);
  });
});
