import { expect, test } from 'vitest';
import { VIDEO } from '../testing/video-info.ts';
import { VideoSettings } from './video-settings.ts';

const offered = () => {
  const settings = new VideoSettings();
  settings.setVideoInfo(VIDEO);
  return settings;
};
const drag = (settings: VideoSettings, name: string, value: number) => {
  const input = settings.element.querySelector<HTMLInputElement>(`#setting-video-${name}`);
  if (!input) throw new Error(`no ${name}`);
  input.value = String(value);
  input.dispatchEvent(new Event('input'));
  return input;
};

test('it starts with the server’s defaults', () => {
  expect(offered().values).toEqual({ count: 4, steps: 16, guidance: 1, temperature: 0.9 });
});

test('seconds become whole frames, up to the server’s maximum', () => {
  const settings = offered();
  const input = drag(settings, 'seconds', 2.56);
  expect(settings.values.steps).toBe(32);
  expect(Number(input.max)).toBeCloseTo(48 / 12.5);
});

test('guidance is disabled without a caption', () => {
  const settings = offered();
  settings.enableGuidance(false);
  expect(settings.element.querySelector<HTMLInputElement>('#setting-video-guidance')?.disabled).toBe(true);
});
