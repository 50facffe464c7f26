import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { SheetHead } from '../net/protocol.ts';
import { stubCanvas } from '../testing/canvas.ts';
import { FakeSheet } from '../testing/sheet.ts';
import { SHEET } from '../testing/wire.ts';
import { RoundStore } from './round-store.ts';
import { StagePlayer } from './stage-player.ts';
import { TileRow } from './tile-row.ts';

let store: RoundStore;
let player: StagePlayer;
let frames: FrameRequestCallback[];
let time: number;

/** Show the display's next frame, some ms later. */
function frame(after: number): void {
  time += after;
  for (const run of frames.splice(0)) run(time);
}

/** Receive a sheet of layers, whose futures lie one step ahead. */
function receive(tick: number, step: number): FakeSheet {
  const head = { ...SHEET, tick, age: step - 1, step, tiles: 3, way: 'layers', methods: ['a', 'a'], fan: [2, 4, 10] };
  const sheet = new FakeSheet(3, true);
  store.add(head as unknown as SheetHead, sheet);
  player.follow(head as unknown as SheetHead);
  return sheet;
}

beforeEach(() => {
  stubCanvas();
  frames = [];
  time = 1000;
  vi.stubGlobal('requestAnimationFrame', (run: FrameRequestCallback) => frames.push(run));
  vi.spyOn(performance, 'now').mockImplementation(() => time);
  store = new RoundStore();
  const now = new TileRow('Now');
  now.populate(['a', 'a']);
  player = new StagePlayer(store, now, new TileRow('What happened'));
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

test('the present glides to the newest sheet, the futures run ahead of it, and then it stops', () => {
  const first = receive(10, 1);
  frame(16);
  expect(first.drawn).toContain('0');
  frame(64);
  const second = receive(11, 2);
  frame(40);
  // The present lies between both sheets; the futures lie between their first and second step.
  expect(first.drawn.slice(-3)).toEqual(['0-0 0.50', '1-1 0.50', '2-2 0.50']);
  frame(40);
  expect(second.drawn).toEqual(['0', '1', '2']);
  expect(frames).toEqual([]);
});

test('what shows already is not drawn again', () => {
  receive(10, 1);
  frame(16);
  frame(200);
  const drawn = player.frames;
  player.wake();
  frame(16);
  expect(player.frames).toBe(drawn);
});

test('a page that was hidden shows the newest sheet at once, and none of those that it missed', () => {
  receive(10, 1);
  frame(16);
  const missed: FakeSheet[] = [];
  for (let tick = 11; tick < 60; tick++) {
    time += 80;
    // The display shows no frame in a hidden page.
    missed.push(receive(tick, 1));
  }
  expect(frames).toHaveLength(1);
  expect(missed.filter((sheet) => !sheet.closed).length).toBeLessThan(10);
  frame(80);
  const newest = missed.pop();
  expect(newest?.drawn).toContain('0');
  expect(missed.flatMap((sheet) => sheet.drawn)).toEqual([]);
});
