import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Frame } from './generation-store.ts';
import { MomentFlow } from './moment-flow.ts';
import type { SheetHead } from './protocol.ts';
import { VIDEO } from './test-video.ts';
import { SHEET } from './test-wire.ts';

const said: string[] = [];
let flow: MomentFlow;
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

const frame = { bitmap: {}, tile: 128, columns: 1, present: 0, tiles: 1 } as unknown as Frame;
const draw = (count: number) => {
  for (let i = 0; i < count; i++, tick++) flow.see({ ...SHEET, tick, t: tick * 80 } as unknown as SheetHead, frame);
};
const note = () => flow.element.querySelector('.band-note')?.textContent;
const done = { kind: 'done', columns: 16, rows: 2, tile: 64, rate: 12.5, seconds: 3, sheet: btoa('x') };

beforeEach(() => {
  stubBrightness();
  said.length = 0;
  tick = 1;
  brightness = 100;
  fetched = vi.fn(async () => new Response(`${JSON.stringify(done)}\n`));
  vi.stubGlobal('fetch', fetched);
  vi.stubGlobal('createImageBitmap', async () => ({ close: vi.fn() }));
  HTMLElement.prototype.scrollIntoView = vi.fn();
  flow = new MomentFlow(
    () => 2,
    (words) => said.push(words),
  );
  document.body.replaceChildren(flow.element);
  flow.offer(VIDEO);
});

afterEach(() => vi.unstubAllGlobals());

test('too few pictures are told plainly, and nothing is asked for', () => {
  draw(3);
  flow.freeze();
  expect(note()).toBe('Too early: futures are drawn from 8 pictures of the portrait, and there are 3 so far.');
  expect(fetched).not.toHaveBeenCalled();
});

test('a moment is sent once, with as many futures as the stage shows', async () => {
  draw(8);
  flow.freeze();
  flow.freeze();
  expect(note()).toContain('still being drawn');
  await vi.waitFor(() => expect(fetched).toHaveBeenCalledOnce());
  const order = JSON.parse(String(fetched.mock.calls[0]?.[1].body));
  expect(order).toMatchObject({ task: 'futures', frames: btoa('x'), count: 2, steps: 16, temperature: 0.9 });
});

test('futures wait for what happens, and are judged when it has', async () => {
  draw(8);
  flow.freeze();
  draw(15);
  await vi.waitFor(() => expect(note()).toBe('Waiting for what really happens…'));
  brightness = 151;
  draw(1);
  expect(note()).toContain('Future 1 came closest');
  expect(flow.element.querySelectorAll('.winner')).toHaveLength(1);
  expect(flow.element.querySelector('.lead .chip')?.textContent).toBe('still 1.3 %');
});

test('a break in the motion ends the waiting', async () => {
  draw(8);
  flow.freeze();
  draw(4);
  flow.interrupt();
  await vi.waitFor(() => expect(note()).toContain('the motion broke off'));
  flow.freeze();
  expect(note()).toContain('Too early');
});

test('a coarse motion is admitted', async () => {
  for (let i = 0; i < 4; i++, tick += 4) {
    flow.see({ ...SHEET, tick, t: tick * 80 } as unknown as SheetHead, frame);
  }
  flow.freeze();
  expect(flow.element.textContent).toContain('This machine drew only 3 of the last 8 pictures');
});

test('without weights there is nothing to press', () => {
  flow.offer({ ...VIDEO, available: false, why: 'no weights' });
  expect([flow.element.hidden, flow.stageButton.hidden]).toEqual([true, true]);
  flow.freeze();
  expect(said.at(-1)).toContain('not available');
});
