import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { VideoJob } from './video-job.ts';

const said: string[] = [];
const retry = vi.fn();
let job: VideoJob;
let server: ReadableStreamDefaultController<Uint8Array>;
let signal: AbortSignal | null;

const tell = (line: object) => server.enqueue(new TextEncoder().encode(`${JSON.stringify(line)}\n`));
const order = async () => ({
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
  said.length = 0;
  retry.mockClear();
  job = new VideoJob((words) => said.push(words), retry);
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

test('progress is shown, told to screen readers once, and gone when all is drawn', async () => {
  const drawn = job.run('2 clips', order);
  await vi.waitFor(() => expect(server).toBeDefined());
  tell({ kind: 'begun', seconds: 12, waiting: 0 });
  tell({ kind: 'progress', share: 0.25, left: 9 });
  await vi.waitFor(() => expect(element('.job-left').textContent).toBe('9 s left'));
  expect(element('[role=progressbar]').getAttribute('aria-valuenow')).toBe('25');
  expect(job.running).toBe(true);
  tell(DONE);
  expect((await drawn)?.rows).toBe(2);
  expect(said).toEqual(['Drawing 2 clips: about 12 s on this machine.', 'Done: 2 clips.']);
  expect(element('.job').hidden).toBe(true);
  expect(job.running).toBe(false);
});

test('Cancel ends the request, and is no error', async () => {
  const drawn = job.run('2 clips', order);
  await vi.waitFor(() => expect(fetch).toHaveBeenCalled());
  element('.job button').click();
  expect(await drawn).toBeNull();
  expect(signal?.aborted).toBe(true);
  expect(element('.job-error').hidden).toBe(true);
  expect(said.at(-1)).toBe('Cancelled.');
});

test('what fails is told with its hint, and can be tried again', async () => {
  const drawn = job.run('2 clips', order);
  await vi.waitFor(() => expect(fetch).toHaveBeenCalled());
  await vi.waitFor(() => tell({ kind: 'failed', code: 'video_gone', message: 'It stopped.', hint: 'Once more?' }));
  expect(await drawn).toBeNull();
  expect(element('.job-error p').textContent).toBe('It stopped. Once more?');
  expect(element('.job-error').dataset.code).toBe('video_gone');
  element('.job-error button').click();
  expect(retry).toHaveBeenCalledOnce();
});
