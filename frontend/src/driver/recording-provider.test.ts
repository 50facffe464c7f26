import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { COORDINATES } from '../net/protocol.ts';
import type { LandmarkFrame } from './landmark-provider.ts';
import { parseTrack, RecordingProvider } from './recording-provider.ts';

function file(frames: number, fps: number): ArrayBuffer {
  const data = new ArrayBuffer(8 + frames * COORDINATES * 2);
  const view = new DataView(data);
  view.setUint32(0, frames, true);
  view.setFloat32(4, fps, true);
  for (let i = 0; i < frames * COORDINATES; i++) view.setUint16(8 + 2 * i, Math.floor(i / COORDINATES) * 1000, true);
  return data;
}

describe('the file', () => {
  test('holds rate and frames', () => {
    const track = parseTrack(file(3, 25));
    expect(track.fps).toBe(25);
    expect(track.frames).toHaveLength(3);
    expect(track.frames[2]?.[5]).toBeCloseTo((2000 / 65535) * 4 - 2, 5);
  });

  test('is refused when shorter than its header says', () => {
    expect(() => parseTrack(file(3, 25).slice(0, -2))).toThrow();
    expect(() => parseTrack(new ArrayBuffer(3))).toThrow();
  });
});

describe('playing', () => {
  const track = parseTrack(file(3, 25));
  let frames: LandmarkFrame[];
  let provider: RecordingProvider;
  const indices = () => frames.map(({ landmarks }) => track.frames.indexOf(landmarks ?? new Float32Array()));

  beforeEach(async () => {
    vi.useFakeTimers();
    frames = [];
    provider = new RecordingProvider('talk', track);
    await provider.start({ frame: (frame) => frames.push(frame), restart: () => undefined });
  });
  afterEach(() => vi.useRealTimers());

  test('runs forwards and backwards without a jump, at its own rate', () => {
    vi.advanceTimersByTime(240);
    expect(indices()).toEqual([0, 1, 2, 1, 0, 1, 2]);
    const steps = frames.slice(1).map(({ t }, i) => t - (frames[i]?.t ?? 0));
    for (const step of steps) expect(step).toBeCloseTo(40, 6);
  });

  test('playing continues at the frame where it was paused', async () => {
    vi.advanceTimersByTime(40);
    provider.stop();
    vi.advanceTimersByTime(1000);
    expect(frames).toHaveLength(2);
    await provider.start({ frame: (frame) => frames.push(frame), restart: () => undefined });
    expect(indices().at(-1)).toBe(1);
  });
});

test('after a long delay frames are stamped with the present time, and missed ones are not sent', async () => {
  vi.useFakeTimers();
  let now = 0;
  const frames: LandmarkFrame[] = [];
  const provider = new RecordingProvider('talk', parseTrack(file(3, 25)), () => now);
  await provider.start({ frame: (frame) => frames.push(frame), restart: () => undefined });
  now = 5000;
  vi.advanceTimersByTime(50);
  expect(frames.map(({ t }) => t)).toEqual([0, 5000]);
  provider.stop();
  vi.useRealTimers();
});
