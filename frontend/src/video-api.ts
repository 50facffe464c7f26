/** The server's video flow: what it offers, and clips drawn on request while it tells how far it is. */
import { ApiError, request } from './api.ts';
import { readLines } from './ndjson.ts';

export type VideoInfo = {
  available: boolean;
  /** Why not, where it is not available. */
  why: string;
  /** What a caption can say of a face. */
  captions: string[];
  /** Side of a frame in pixels. */
  size: number;
  /** Frames that a future is drawn from. */
  context: number;
  /** Frames a second. */
  rate: number;
  most: { count: number; steps: number };
  defaults: { count: number; steps: number; guidance: number; temperature: number };
};

export type VideoRequest = {
  /** `futures` of the frames given, or `imagine` a clip from the caption alone. */
  task: 'futures' | 'imagine';
  /** Base64 of a strip of square frames, oldest first; empty for `imagine`. */
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
  /** Frames of every clip. */
  columns: number;
  /** Clips. */
  rows: number;
  tile: number;
  rate: number;
  /** How long it took. */
  seconds: number;
  /** Base64 of a JPEG. */
  sheet: string;
};

export type VideoEvent =
  | { kind: 'begun'; seconds: number | null; waiting: number }
  | { kind: 'progress'; share: number; left: number | null }
  | VideoDone
  | { kind: 'failed'; code: string; message: string; hint: string };

/** A seed that nobody chose. */
export function anySeed(): number {
  return Math.floor(Math.random() * 2 ** 31);
}

export async function getVideo(): Promise<VideoInfo> {
  return (await request('/api/video')).json();
}

/**
 * Have clips drawn; `tell` hears of the beginning and of progress. Aborting the signal ends the work.
 *
 * @throws ApiError when the server refuses, fails or breaks off; what an aborted signal throws.
 */
export async function drawVideo(
  order: VideoRequest,
  signal: AbortSignal,
  tell: (event: VideoEvent) => void,
): Promise<VideoDone> {
  const response = await request('/api/video', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(order),
    signal,
  });
  try {
    for await (const line of readLines(response.body ?? new Blob([]).stream())) {
      const event = line as VideoEvent;
      if (event.kind === 'failed') throw new ApiError(200, event.code, event.message, event.hint);
      if (event.kind === 'done') return event;
      tell(event);
    }
  } catch (error) {
    if (signal.aborted || error instanceof ApiError) throw error;
  }
  throw new ApiError(0, 'broken_off', 'The server broke off in the middle of it.', 'Try once more.');
}
