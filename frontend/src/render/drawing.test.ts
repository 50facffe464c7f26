import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { Composer } from './composer.ts';
import { Drawing, forcedWay } from './drawing.ts';

const pixels = { width: 64 } as ImageBitmap;
let asked: string[];
let kept: boolean;
let composer: {
  side: number;
  usable: boolean;
  setPortrait: (to: ImageBitmap | null) => void;
  onChange: Composer['onChange'];
};
const events = {
  ask: (way: string) => asked.push(way),
  loadPortrait: vi.fn(async (_session: string) => pixels),
  report: vi.fn((_text: string) => undefined),
  lost: vi.fn(() => asked.push('lost')),
  keepsPicture: () => kept,
  stopped: (stopped: boolean) => stopped && asked.push('stopped'),
  able: vi.fn((_able: boolean, _reason: string) => undefined),
};
const checked = (right = true, frameMs = 1) =>
  vi.fn(() => ({ composer: composer as unknown as Composer, right, frameMs }));

beforeEach(() => {
  vi.clearAllMocks();
  vi.stubGlobal('requestIdleCallback', (run: () => void) => run());
  asked = [];
  kept = false;
  composer = {
    side: 0,
    usable: true,
    setPortrait: (to) => {
      composer.side = to?.width ?? 0;
    },
    onChange: () => undefined,
  };
});

test('layers are asked for once the graphics have passed the check and hold the portrait', async () => {
  const drawing = new Drawing(events, checked());
  await drawing.begin('abc', true);
  expect(events.loadPortrait).toHaveBeenCalledExactlyOnceWith('abc');
  expect([asked, composer.side]).toEqual([['layers'], 64]);
});

test('graphics that are wrong or slow leave the drawing to the server', async () => {
  await new Drawing(events, checked(false)).begin('abc', true);
  await new Drawing(events, checked(true, 50)).begin('abc', true);
  await new Drawing(events, () => ({ composer: null, right: false, frameMs: 0 })).begin('abc', true);
  expect(asked).toEqual([]);
});

test('the address can force a way, but not wrong graphics', async () => {
  await new Drawing(events, checked(true, 50), 'layers').begin('abc', true);
  expect(asked).toEqual(['layers']);
  await new Drawing(events, checked(false), 'layers').begin('abc', true);
  const never = checked();
  await new Drawing(events, never, 'pictures').begin('abc', true);
  expect(never).not.toHaveBeenCalled();
  expect(asked).toEqual(['layers']);
  expect(['?way=pictures', '?a=1&way=layers', '?way=smoke', ''].map(forcedWay)).toEqual([
    'pictures',
    'layers',
    null,
    null,
  ]);
});

test('while another portrait loads, the server draws', async () => {
  const drawing = new Drawing(events, checked());
  await drawing.begin('abc', true);
  await drawing.begin('abc', true);
  expect(asked).toEqual(['layers', 'pictures', 'layers']);
});

test('a portrait that loads later than the next one is not used', async () => {
  const drawing = new Drawing(events, checked());
  await drawing.begin('abc', false);
  let late: (to: ImageBitmap) => void = () => undefined;
  events.loadPortrait.mockImplementationOnce(() => new Promise((resolve) => (late = resolve)));
  const first = drawing.begin('abc', true);
  await drawing.begin('abc', true);
  late({ width: 8 } as ImageBitmap);
  await first;
  expect(composer.side).toBe(64);
  expect(asked.filter((way) => way === 'layers')).toHaveLength(2);
});

test('another source or a new connection asks again, without loading the portrait', async () => {
  const drawing = new Drawing(events, checked());
  await drawing.begin('abc', true);
  await drawing.begin('abc', false);
  expect(asked).toEqual(['layers', 'layers']);
  expect(events.loadPortrait).toHaveBeenCalledOnce();
});

test('lost graphics leave the drawing to the server until they are back', async () => {
  const drawing = new Drawing(events, checked());
  await drawing.begin('abc', true);
  composer.usable = false;
  composer.onChange(false);
  expect(asked).toEqual(['layers', 'lost', 'pictures']);
  composer.usable = true;
  composer.onChange(true);
  await vi.waitFor(() => expect(asked.at(-1)).toBe('layers'));
});

describe('networks of the page', () => {
  const layers = (frames: number) => ({ fade: Float32Array.from({ length: frames }, (_, i) => (i === 0 ? 0 : 1)) });
  const networks = {
    onLost: () => {},
    setPortrait: async () => undefined,
    close: () => undefined,
    render: async (_keypoints: Float32Array, frames: number) => layers(frames),
  };
  const found = async () => async () => networks as never;

  test('render once they are ready; until then and after them the server does', async () => {
    await new Drawing(events, checked(), null, found).begin('abc', true);
    expect(asked).toEqual(['layers', 'keypoints']);
    networks.onLost();
    expect(asked.at(-1)).toBe('layers');
    expect(events.report).toHaveBeenLastCalledWith('networks stopped: the graphics were lost');
  });

  test('are left alone where the address forces layers, or the browser has none', async () => {
    const find = vi.fn(found);
    await new Drawing(events, checked(), 'layers', find).begin('abc', true);
    expect(find).not.toHaveBeenCalled();
    asked = [];
    await new Drawing(events, checked(), null, async () => null).begin('abc', false);
    expect(asked).toEqual(['layers']);
  });

  test('keep rendering after a new connection and with another portrait', async () => {
    const drawing = new Drawing(events, checked(), null, found);
    await drawing.begin('abc', true);
    await drawing.begin('abc', false);
    await drawing.begin('abc', true);
    expect(asked).toEqual(['layers', 'keypoints', 'keypoints', 'pictures', 'keypoints']);
  });

  test('say whether a picture can be kept here, and why not', async () => {
    await new Drawing(events, checked(), null, found).begin('abc', true);
    expect(events.able).toHaveBeenLastCalledWith(true, '');
    networks.onLost();
    expect(events.able).toHaveBeenLastCalledWith(false, 'the graphics were lost.');
    const others = [
      new Drawing(events, checked(false), null, found),
      new Drawing(events, checked(), null, async () => null),
      new Drawing(events, checked(), 'layers', found),
      new Drawing(events, checked(), 'pictures', found),
    ];
    for (const drawing of others) {
      events.able.mockClear();
      await drawing.begin('abc', true);
      expect(events.able).toHaveBeenCalledExactlyOnceWith(false, expect.stringMatching(/\.$/));
    }
  });

  test('never leave a picture that is kept to the server, whatever fails', async () => {
    const drawing = new Drawing(events, checked(), null, found);
    await drawing.begin('abc', true);
    kept = true;
    asked = [];
    await drawing.begin('abc', true);
    expect(asked).toEqual(['keypoints']);
    composer.usable = false;
    composer.onChange(false);
    expect(asked).toEqual(['keypoints', 'lost', 'stopped']);
    composer.usable = true;
    composer.onChange(true);
    await vi.waitFor(() => expect(asked.at(-1)).toBe('keypoints'));
    networks.onLost();
    expect(asked.at(-1)).toBe('stopped');
    await drawing.begin('another', true);
    expect(asked).toEqual(['keypoints', 'lost', 'stopped', 'keypoints', 'stopped', 'stopped']);
    kept = false;
    await drawing.begin('another', true);
    expect(asked.slice(-2)).toEqual(['pictures', 'layers']);
  });
});
