import { afterEach, expect, test, vi } from 'vitest';
import { ApiError, createSession, FullError, putPortrait } from './api.ts';

afterEach(() => vi.unstubAllGlobals());

const answer = (status: number, body: unknown) => {
  const reply = vi.fn(async () => new Response(typeof body === 'string' ? body : JSON.stringify(body), { status }));
  vi.stubGlobal('fetch', reply);
  return reply;
};
const failure = async (): Promise<ApiError> => {
  try {
    await putPortrait('s', new Blob(['x']));
  } catch (error) {
    if (error instanceof ApiError) return error;
  }
  throw new Error('no ApiError was thrown');
};

test('an answer is returned as parsed JSON', async () => {
  answer(200, { session: 's', ticket: 't', ws: '/ws?ticket=t' });
  expect((await createSession()).ws).toBe('/ws?ticket=t');
});

test('a coded refusal keeps its code, message and hint', async () => {
  answer(400, { code: 'portrait_no_face', message: 'No face.', hint: 'Another.' });
  expect(await failure()).toMatchObject({
    status: 400,
    code: 'portrait_no_face',
    message: 'No face.',
    hint: 'Another.',
  });
});

test('a refusal without a code is reported by its status', async () => {
  answer(502, '<html>');
  expect(await failure()).toMatchObject({ status: 502, code: 'http_502' });
});

test('a missing answer is reported as unreachable', async () => {
  vi.stubGlobal('fetch', () => Promise.reject(new TypeError('refused')));
  expect(await failure()).toMatchObject({ status: 0, code: 'unreachable' });
});

test('a full server gives a place in its queue, and the ticket is shown again', async () => {
  const body = { code: 'sessions_full', message: 'Full.', hint: '', place: 3, waiting: 'mine', retry_s: 2 };
  const reply = answer(503, body);
  const full = await createSession('mine').catch((error: unknown) => error);
  expect(full).toBeInstanceOf(FullError);
  expect(full).toMatchObject({ status: 503, place: 3, waiting: 'mine', seconds: 2 });
  expect(reply.mock.calls[0]).toEqual(['/api/sessions', { method: 'POST', headers: { 'Waiting-Ticket': 'mine' } }]);
});
