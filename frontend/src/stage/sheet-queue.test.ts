import { beforeEach, expect, test, vi } from 'vitest';
import type { Connection, SheetMessage } from '../net/connection.ts';
import type { SheetHead } from '../net/protocol.ts';
import type { Sheet } from '../render/sheet.ts';
import { SHEET } from '../testing/wire.ts';
import type { Hud } from '../ui/hud.ts';
import type { RoundStore } from './round-store.ts';
import { SheetQueue } from './sheet-queue.ts';
import type { Stage } from './stage.ts';

const close = vi.fn();
let resolvers: (() => void)[];
let decode: ReturnType<typeof vi.fn<() => Promise<Sheet | null>>>;
const store = { add: vi.fn(() => false) };
const stage = { show: vi.fn() };
const hud = { update: vi.fn() };
const connection = { acknowledge: vi.fn(), counts: { sent: 0 } };
let queue: SheetQueue;

const sheet = (seq: number): SheetMessage => ({
  type: 'sheet',
  kind: 66,
  epoch: 1,
  seq,
  head: { ...SHEET, tick: seq, tiles: 2 } as unknown as SheetHead,
  fan: new Float32Array(),
  jpeg: new Uint8Array(1),
  layers: null,
  motion: null,
});
const ticks = () => stage.show.mock.calls.map(([head]) => head.tick);
const flushPromises = async () => {
  for (let i = 0; i < 10; i++) await Promise.resolve();
};

beforeEach(() => {
  vi.clearAllMocks();
  resolvers = [];
  decode = vi.fn(() => new Promise((resolve) => resolvers.push(() => resolve({ close } as unknown as Sheet))));
  queue = new SheetQueue(
    store as unknown as RoundStore,
    stage as unknown as Stage,
    hud as unknown as Hud,
    connection as unknown as Connection,
    () => decode(),
  );
});

test('sheets are shown in the order they came, however long each takes to decode', async () => {
  queue.push(sheet(1));
  queue.push(sheet(2));
  resolvers[1]?.();
  await flushPromises();
  expect(ticks()).toEqual([]);
  resolvers[0]?.();
  await flushPromises();
  expect(ticks()).toEqual([1, 2]);
  expect(connection.acknowledge).toHaveBeenCalledTimes(2);
  expect(queue.counts).toMatchObject({ sheets: 2, drawn: 2, broken: 0 });
});

test('a sheet without anything to show is acknowledged', async () => {
  decode.mockResolvedValue(null);
  queue.push(sheet(1));
  await flushPromises();
  expect(queue.counts).toMatchObject({ sheets: 1, drawn: 0 });
  expect(connection.acknowledge).toHaveBeenCalledTimes(1);
});

test('a damaged picture is skipped but acknowledged', async () => {
  decode.mockRejectedValue(new Error('no JPEG'));
  queue.push(sheet(1));
  await flushPromises();
  expect(queue.counts).toMatchObject({ sheets: 1, drawn: 0, broken: 1 });
  expect(connection.acknowledge).toHaveBeenCalledTimes(1);
});

test('a sheet that is still being decoded when an epoch ends is not shown', async () => {
  queue.push(sheet(1));
  queue.discard();
  resolvers[0]?.();
  await flushPromises();
  expect(ticks()).toEqual([]);
  expect(close).toHaveBeenCalledTimes(1);
});
