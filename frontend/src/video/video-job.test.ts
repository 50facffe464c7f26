import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { VideoJob } from './video-job.ts';

const announced: string[] = [];
const retry = vi.fn();
let job: VideoJob;
let server: ReadableStreamDefaultController<Uint8Array>;
let signal: AbortSignal | null;

const send = (line: object) => server.enqueue(new TextEncoder().encode(`${JSON.stringify(line)}\n`));
const makeRequest = async () => ({
  task: 'imagine' as const,
  frames: '',
  count: 2,
  steps: 16,
  caption: '',
  guidance: 1,
  temperature: 1,
  seed: 0,
});
const element = (selector: string) => {
  const found = job.element.querySelector<HTMLElement>(selector);
  if (!found) throw new Error(`no ${selector}`);
  return found;
};
const DONE = { kind: 'done', columns: 16, rows: 2, tile: 64, rate: 12.5, seconds: 3, sheet: '' };

beforeEach(() => {
  announced.length = 0;
  retry.mockClear();
  job = new VideoJob((text) => announced.push(text), retry);
  vi.stubGlobal(
    'fetch',
    vi.fn(async (_path: string, init: RequestInit) => {
      signal = init.signal ?? null;
      const body = new ReadableStream<Uint8Array>({
        start(controller) {
          server = controller;
        },
      });
      signal?.addEventListener('abort', () => server.error(new DOMException('gone', 'AbortError')));
      return new Response(body);
    }),
  );
});

afterEach(() => vi.unstubAllGlobals());

test('progress is shown, announced to screen readers once, and hidden at the end', async () => {
  const result = job.run('2 clips', makeRequest);
  await vi.waitFor(() => expect(server).toBeDefined());
  send({ kind: 'begun', seconds: 12, waiting: 0 });
  send({ kind: 'progress', share: 0.25, left: 9 });
  await vi.waitFor(() => expect(element('.job-left').textContent).toBe('9 s left'));
  expect(element('[role=progressbar]').getAttribute('aria-valuenow')).toBe('25');
  expect(job.running).toBe(true);
  send(DONE);
  expect((await result)?.rows).toBe(2);
  expect(announced).toEqual(['Generating 2 clips (about 12 s).', 'Done: 2 clips.']);
  expect(element('.job').hidden).toBe(true);
  expect(job.running).toBe(false);
});

test('Cancel ends the request, and is no error', async () => {
  const result = job.run('2 clips', makeRequest);
  await vi.waitFor(() => expect(fetch).toHaveBeenCalled());
  element('.job button').click();
  expect(await result).toBeNull();
  expect(signal?.aborted).toBe(true);
  expect(element('.job-error').hidden).toBe(true);
  expect(announced.at(-1)).toBe('Cancelled.');
});

test('a failure shows its hint, and can be tried again', async () => {
  const result = job.run('2 clips', makeRequest);
  await vi.waitFor(() => expect(fetch).toHaveBeenCalled());
  await vi.waitFor(() => send({ kind: 'failed', code: 'video_gone', message: 'It stopped.', hint: 'Once more?' }));
  expect(await result).toBeNull();
  expect(element('.job-error p').textContent).toBe('It stopped. Once more?');
  expect(element('.job-error').dataset.code).toBe('video_gone');
  element('.job-error button').click();
  expect(retry).toHaveBeenCalledOnce();
});
