import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { GenerationStore } from './generation-store.ts';
import type { Hud } from './hud.ts';
import type { SheetHead } from './protocol.ts';
import { SheetQueue } from './sheet-queue.ts';
import type { Connection, SheetMessage } from './socket.ts';
import type { Stage } from './stage.ts';
import { SHEET } from './test-wire.ts';

const close = vi.fn();
let resolvers: (() => void)[];
const store = { add: vi.fn(() => false) };
const stage = { show: vi.fn() };
const hud = { update: vi.fn() };
const connection = { acknowledge: vi.fn(), counts: { sent: 0 } };
let queue: SheetQueue;

const sheet = (seq: number, jpeg = 1): SheetMessage => ({
  type: 'sheet',
  kind: 66,
  epoch: 1,
  seq,
  head: { ...SHEET, tick: seq, tiles: 2 } as unknown as SheetHead,
  fan: new Float32Array(),
  jpeg: new Uint8Array(jpeg),
});
const ticks = () => stage.show.mock.calls.map(([head]) => head.tick);
const settle = async () => {
  for (let i = 0; i < 10; i++) await Promise.resolve();
};

beforeEach(() => {
  vi.clearAllMocks();
  resolvers = [];
  vi.stubGlobal('createImageBitmap', () => new Promise((resolve) => resolvers.push(() => resolve({ close }))));
  queue = new SheetQueue(
    store as unknown as GenerationStore,
    stage as unknown as Stage,
    hud as unknown as Hud,
    connection as unknown as Connection,
  );
});
afterEach(() => vi.unstubAllGlobals());

test('sheets are drawn in the order they came, however long each takes to decode', async () => {
  queue.take(sheet(1));
  queue.take(sheet(2));
  resolvers[1]?.();
  await settle();
  expect(ticks()).toEqual([]);
  resolvers[0]?.();
  await settle();
  expect(ticks()).toEqual([1, 2]);
  expect(connection.acknowledge).toHaveBeenCalledTimes(2);
  expect(queue.counts).toMatchObject({ sheets: 2, drawn: 2, broken: 0 });
});

test('a fan-only sheet needs no decoding but is acknowledged all the same', async () => {
  queue.take(sheet(1, 0));
  await settle();
  expect(queue.counts).toMatchObject({ sheets: 1, drawn: 0 });
  expect(connection.acknowledge).toHaveBeenCalledTimes(1);
});

test('a broken picture costs that picture only, and its credit comes back', async () => {
  vi.stubGlobal('createImageBitmap', () => Promise.reject(new Error('no JPEG')));
  queue.take(sheet(1));
  await settle();
  expect(queue.counts).toMatchObject({ sheets: 1, drawn: 0, broken: 1 });
  expect(connection.acknowledge).toHaveBeenCalledTimes(1);
});

test('what is still being decoded when an epoch ends is not drawn', async () => {
  queue.take(sheet(1));
  queue.discard();
  resolvers[0]?.();
  await settle();
  expect(ticks()).toEqual([]);
  expect(close).toHaveBeenCalledTimes(1);
});
