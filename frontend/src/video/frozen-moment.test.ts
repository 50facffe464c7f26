import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { SheetHead } from '../net/protocol.ts';
import type { KeptPicture } from '../portrait/kept-picture.ts';
import { FakeSheet } from '../testing/sheet.ts';
import { VIDEO } from '../testing/video-info.ts';
import { SHEET } from '../testing/wire.ts';
import { FrozenMomentView } from './frozen-moment.ts';

const announced: string[] = [];
let view: FrozenMomentView;
let kept: KeptPicture | null;
let tick: number;
let brightness: number;
let fetched: ReturnType<typeof vi.fn>;

/** A canvas whose every pixel is as bright as the moment says. */
function stubBrightness(): void {
  const image = () => ({ width: 2, height: 2, data: new Uint8ClampedArray(16).fill(brightness) });
  const context = new Proxy({} as Record<string, unknown>, {
    get: (_, name) => (name === 'getImageData' ? image : () => undefined),
    set: () => true,
  });
  HTMLCanvasElement.prototype.getContext = function getContext(this: HTMLCanvasElement) {
    return new Proxy(context, { get: (of, name) => (name === 'canvas' ? this : Reflect.get(of, name)) });
  } as unknown as HTMLCanvasElement['getContext'];
  HTMLCanvasElement.prototype.toBlob = (done) => done(new Blob(['x']));
}

const frame = new FakeSheet(1);
const showSheets = (count: number) => {
  for (let i = 0; i < count; i++, tick++)
    view.addSheet({ ...SHEET, tick, t: tick * 80 } as unknown as SheetHead, frame);
};
const note = () => view.element.querySelector('.row-note')?.textContent;
const done = { kind: 'done', columns: 16, rows: 2, tile: 64, rate: 12.5, seconds: 3, sheet: btoa('x') };

beforeEach(() => {
  stubBrightness();
  announced.length = 0;
  tick = 1;
  kept = null;
  brightness = 100;
  fetched = vi.fn(async () => new Response(`${JSON.stringify(done)}\n`));
  vi.stubGlobal('fetch', fetched);
  vi.stubGlobal('createImageBitmap', async () => ({ close: vi.fn() }));
  HTMLElement.prototype.scrollIntoView = vi.fn();
  view = new FrozenMomentView(
    () => 2,
    () => kept,
    (text) => announced.push(text),
  );
  document.body.replaceChildren(view.element);
  view.setVideoInfo(VIDEO);
});

afterEach(() => vi.unstubAllGlobals());

test('with too few pictures, a note says so and nothing is requested', () => {
  showSheets(3);
  view.freeze();
  expect(note()).toBe('Too early: the model needs 8 pictures of the portrait, and has 3 so far.');
  expect(fetched).not.toHaveBeenCalled();
});

test('a moment is sent once, with as many futures as the stage shows', async () => {
  showSheets(8);
  view.freeze();
  view.freeze();
  expect(note()).toContain('Still generating');
  await vi.waitFor(() => expect(fetched).toHaveBeenCalledOnce());
  const request = JSON.parse(String(fetched.mock.calls[0]?.[1].body));
  expect(request).toMatchObject({ task: 'futures', frames: btoa('x'), count: 2, steps: 16, temperature: 0.9 });
});

test('futures are compared with what happened once it is complete', async () => {
  showSheets(8);
  view.freeze();
  showSheets(15);
  await vi.waitFor(() => expect(note()).toBe('Waiting to see what happens…'));
  brightness = 151;
  showSheets(1);
  expect(note()).toContain('Future 1 came closest');
  expect(view.element.querySelectorAll('.winner')).toHaveLength(1);
  expect(view.element.querySelector('.lead .chip')?.textContent).toBe('no motion 1.3 %');
});

test('an interruption of the motion ends the waiting', async () => {
  showSheets(8);
  view.freeze();
  showSheets(4);
  view.interrupt();
  await vi.waitFor(() => expect(note()).toContain('the motion was interrupted'));
  view.freeze();
  expect(note()).toContain('Too early');
});

test('a sheet whose pixels are gone adds no picture', () => {
  showSheets(7);
  const gone = new FakeSheet(1);
  gone.picture = () => ({ sideFor: () => 0, draw: () => false });
  view.addSheet({ ...SHEET, tick, t: tick * 80 } as unknown as SheetHead, gone);
  view.freeze();
  expect(note()).toContain('has 7 so far');
});

test('pictures of a portrait that is kept here are sent only after the answer, also when another one is in use', async () => {
  kept = {} as KeptPicture;
  showSheets(8);
  view.freeze();
  kept = null;
  const question = view.element.querySelector('.question') as HTMLElement;
  expect([question.hidden, fetched.mock.calls]).toEqual([false, []]);
  expect(question.textContent).toContain('the last 8 pictures of your portrait, 64 x 64 pixels each');
  question.querySelectorAll('button')[1]?.click();
  await vi.waitFor(() => expect(note()).toBe('No video was generated.'));
  expect(fetched).not.toHaveBeenCalled();
  view.freeze();
  await vi.waitFor(() => expect(fetched).toHaveBeenCalledOnce());
});

test('a jerky motion is reported', async () => {
  for (let i = 0; i < 4; i++, tick += 4) {
    view.addSheet({ ...SHEET, tick, t: tick * 80 } as unknown as SheetHead, frame);
  }
  view.freeze();
  expect(view.element.textContent).toContain('This computer showed only 3 of the last 8 pictures');
});

test('without a video model there is nothing to press', () => {
  view.setVideoInfo({ ...VIDEO, available: false, why: 'no weights' });
  expect([view.element.hidden, view.stageButton.hidden]).toEqual([true, true]);
  view.freeze();
  expect(announced.at(-1)).toContain('not available');
});
