import { expect, test } from 'vitest';
import { VIDEO } from './test-video.ts';
import { VideoSettings } from './video-settings.ts';

const offered = () => {
  const settings = new VideoSettings();
  settings.offer(VIDEO);
  return settings;
};
const drag = (settings: VideoSettings, name: string, value: number) => {
  const input = settings.element.querySelector<HTMLInputElement>(`#setting-video-${name}`);
  if (!input) throw new Error(`no ${name}`);
  input.value = String(value);
  input.dispatchEvent(new Event('input'));
  return input;
};

test('it begins with what the server recommends', () => {
  expect(offered().values).toEqual({ count: 4, steps: 16, guidance: 1, temperature: 0.9 });
});

test('seconds become whole frames, up to what the server allows', () => {
  const settings = offered();
  const input = drag(settings, 'seconds', 2.56);
  expect(settings.values.steps).toBe(32);
  expect(Number(input.max)).toBeCloseTo(48 / 12.5);
});

test('guidance rests while there are no words', () => {
  const settings = offered();
  settings.guided(false);
  expect(settings.element.querySelector<HTMLInputElement>('#setting-video-guidance')?.disabled).toBe(true);
});
