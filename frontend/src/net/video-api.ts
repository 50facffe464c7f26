/** HTTP requests to the server's video model: what it offers, and generating clips with progress events. */
import { ApiError, request } from './api.ts';
import { readLines } from './ndjson.ts';

export type VideoInfo = {
  available: boolean;
  /** The reason when it is not available. */
  why: string;
  /** Phrases that a caption can consist of. */
  captions: string[];
  /** Side of a frame in pixels. */
  size: number;
  /** Number of frames that a future is conditioned on. */
  context: number;
  /** Frames per second. */
  rate: number;
  most: { count: number; steps: number };
  defaults: { count: number; steps: number; guidance: number; temperature: number };
};

export type VideoRequest = {
  /** `futures` continues the given frames; `imagine` generates a clip from the caption alone. */
  task: 'futures' | 'imagine';
  /** Base64 of one image with the square frames side by side, oldest first; empty for `imagine`. */
  frames: string;
  count: number;
  steps: number;
  caption: string;
  guidance: number;
  temperature: number;
  seed: number;
};

export type VideoDone = {
  kind: 'done';
  /** Frames per clip. */
  columns: number;
  /** Number of clips. */
  rows: number;
  /** Side of a frame in pixels. */
  tile: number;
  rate: number;
  /** Time that generating took. */
  seconds: number;
  /** Base64 of a JPEG: one row per clip, one column per frame. */
  sheet: string;
};

export type VideoEvent =
  | { kind: 'begun'; seconds: number | null; waiting: number }
  | { kind: 'progress'; share: number; left: number | null }
  | VideoDone
  | { kind: 'failed'; code: string; message: string; hint: string };

/** Return a random seed. */
export function randomSeed(): number {
  return Math.floor(Math.random() * 2 ** 31);
}

export async function getVideo(): Promise<VideoInfo> {
  return (await request('/api/video')).json();
}

/**
 * Generate clips. `onEvent` receives the start and the progress; aborting the signal stops the work on the server.
 *
 * @throws ApiError when the server refuses, fails or stops early; an aborted signal throws its own reason.
 */
export async function requestVideo(
  body: VideoRequest,
  signal: AbortSignal,
  onEvent: (event: VideoEvent) => void,
): Promise<VideoDone> {
  const response = await request('/api/video', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
    signal,
  });
  try {
    for await (const line of readLines(response.body ?? new Blob([]).stream())) {
      const event = line as VideoEvent;
      if (event.kind === 'failed') throw new ApiError(200, event.code, event.message, event.hint);
      if (event.kind === 'done') return event;
      onEvent(event);
    }
  } catch (error) {
    if (signal.aborted || error instanceof ApiError) throw error;
  }
  throw new ApiError(0, 'broken_off', 'The server stopped before the video was finished.', 'Try again.');
}
