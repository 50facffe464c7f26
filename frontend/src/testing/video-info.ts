/** The answer of a server with a video model, for tests. */
import type { VideoInfo } from '../net/video-api.ts';

export const VIDEO: VideoInfo = {
  available: true,
  why: '',
  captions: ['still', 'turns left', 'nods', 'blinks'],
  size: 64,
  context: 8,
  rate: 12.5,
  most: { count: 8, steps: 48 },
  defaults: { count: 4, steps: 16, guidance: 1, temperature: 0.9 },
};
