import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ClipPlayer, secondsText } from './clip-player.ts';

const shown: number[] = [];
let reduced = false;
let frames: FrameRequestCallback[] = [];
let now = 0;
let player: ClipPlayer;

/** Let time pass, with a picture of the screen at its end. */
const pass = (ms: number) => {
  now += ms;
  for (const frame of frames.splice(0)) frame(now);
};
const slider = () => player.element.querySelector('input') as HTMLInputElement;
const button = () => player.element.querySelector('button') as HTMLButtonElement;

beforeEach(() => {
  shown.length = 0;
  frames = [];
  now = 1000;
  reduced = false;
  vi.stubGlobal('matchMedia', () => ({
    get matches() {
      return reduced;
    },
  }));
  vi.stubGlobal('requestAnimationFrame', (callback: FrameRequestCallback) => frames.push(callback));
  vi.spyOn(performance, 'now').mockImplementation(() => now);
  player = new ClipPlayer((position) => shown.push(position));
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

test('clips play at their rate, pause at the last frame, and start again', () => {
  player.load(4, 2, 12.5);
  for (const ms of [80, 80, 80, 80, 400, 100]) pass(ms);
  expect(shown).toEqual([0, 1, 2, 3, 0]);
});

test('time is counted from the start of the generated part', () => {
  player.load(4, 2, 12.5);
  const time = () => player.element.querySelector('.clip-time')?.textContent;
  expect(time()).toBe('−0.08 s');
  pass(80);
  expect(time()).toBe('0.00 s');
  pass(80);
  expect(time()).toBe('+0.08 s');
  expect([...player.element.querySelectorAll('.split span')].map((mark) => mark.textContent)).toEqual([
    'known',
    'generated',
  ]);
});

test('moving the slider stops the clips there', () => {
  player.load(4, 2, 12.5);
  slider().value = '3';
  slider().dispatchEvent(new Event('input'));
  pass(800);
  expect(shown).toEqual([0, 3]);
  expect(slider().getAttribute('aria-valuetext')).toBe('0.16 seconds into the future');
  button().click();
  expect(shown.at(-1)).toBe(0);
});

test('with reduced motion, the last frame is shown until the user presses Play', () => {
  reduced = true;
  player.load(4, 0, 12.5);
  pass(500);
  expect(shown).toEqual([3]);
  expect(button().getAttribute('aria-label')).toBe('Play the clips');
  button().click();
  pass(80);
  expect(shown).toEqual([3, 0, 1]);
  player.load(3, 0, 12.5);
  expect(player.playing).toBe(true);
});

test('playing once can be awaited', async () => {
  player.load(3, 0, 12.5);
  pass(80);
  const through = player.playThrough();
  for (let i = 0; i < 12; i++) pass(80);
  await through;
  expect(shown.slice(0, 5)).toEqual([0, 1, 0, 1, 2]);
});

test('seconds have a plus sign only if they follow known frames', () => {
  expect([secondsText(-0.56, true), secondsText(0, true), secondsText(1.28, true), secondsText(1.28, false)]).toEqual([
    '−0.56 s',
    '0.00 s',
    '+1.28 s',
    '1.28 s',
  ]);
});
