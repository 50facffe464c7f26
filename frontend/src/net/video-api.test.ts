import { afterEach, expect, test, vi } from 'vitest';
import { ApiError } from './api.ts';
import { requestVideo, type VideoEvent, type VideoRequest } from './video-api.ts';

const REQUEST: VideoRequest = {
  task: 'futures',
  frames: 'AAAA',
  count: 2,
  steps: 16,
  caption: '',
  guidance: 1,
  temperature: 0.9,
  seed: 3,
};
const DONE = { kind: 'done', columns: 16, rows: 2, tile: 64, rate: 12.5, seconds: 3, sheet: 'AAAA' };
const answer = (...lines: object[]) => new Response(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
const give = (response: Response | Error) => {
  const fetch = vi.fn(async (_path: string, _init: RequestInit) => {
    if (response instanceof Error) throw response;
    return response;
  });
  vi.stubGlobal('fetch', fetch);
  return fetch;
};

afterEach(() => vi.unstubAllGlobals());

test('the request is sent as JSON, progress is reported, and the result is returned', async () => {
  const begun = { kind: 'begun', seconds: null, waiting: 1 };
  const progress = { kind: 'progress', share: 0.5, left: 2 };
  const fetch = give(answer(begun, progress, DONE));
  const reported: VideoEvent[] = [];
  const done = await requestVideo(REQUEST, new AbortController().signal, (event) => reported.push(event));
  expect(done).toEqual(DONE);
  expect(reported).toEqual([begun, progress]);
  expect(JSON.parse(String(fetch.mock.calls[0]?.[1].body))).toEqual(REQUEST);
});

test('a failure during the work is an error with a hint', async () => {
  give(answer({ kind: 'failed', code: 'video_caption', message: 'Unknown word.', hint: 'Use another.' }));
  await expect(requestVideo(REQUEST, new AbortController().signal, vi.fn())).rejects.toMatchObject({
    code: 'video_caption',
    hint: 'Use another.',
  });
});

test('a refusal before the stream is an error too', async () => {
  give(new Response(JSON.stringify({ code: 'busy', message: 'Busy.', hint: 'Later.' }), { status: 503 }));
  await expect(requestVideo(REQUEST, new AbortController().signal, vi.fn())).rejects.toMatchObject({ status: 503 });
});

test('a stream that ends too early is an error', async () => {
  give(answer({ kind: 'begun', seconds: 1, waiting: 0 }));
  await expect(requestVideo(REQUEST, new AbortController().signal, vi.fn())).rejects.toMatchObject({
    code: 'broken_off',
  });
});

test('a cancelled request is not reported as a missing server', async () => {
  give(new DOMException('gone', 'AbortError'));
  const controller = new AbortController();
  controller.abort();
  const error = await requestVideo(REQUEST, controller.signal, vi.fn()).catch((thrown: unknown) => thrown);
  expect(error).not.toBeInstanceOf(ApiError);
});
