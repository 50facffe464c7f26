import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { PortraitPicker } from './portrait.ts';

const calls: string[] = [];
let refusal: object | null = null;
let picker: PortraitPicker;

const find = (selector: string): HTMLElement => {
  const element = picker.element.querySelector<HTMLElement>(selector);
  if (!element) throw new Error(`no ${selector}`);
  return element;
};
const picture = new Blob(['picture'], { type: 'image/jpeg' });

beforeEach(async () => {
  calls.length = 0;
  refusal = null;
  vi.stubGlobal('fetch', async (path: string, init: RequestInit = {}) => {
    calls.push(`${init.method ?? 'GET'} ${path}`);
    if (init.method === 'PUT' && refusal) return new Response(JSON.stringify(refusal), { status: 400 });
    return new Response('x');
  });
  picker = new PortraitPicker();
  await picker.attach('one', true);
});
afterEach(() => {
  vi.unstubAllGlobals();
  document.body.replaceChildren();
});

test('a new session shows its bundled portrait', () => {
  expect(calls).toEqual(['GET /api/sessions/one/portrait']);
  expect(find('.card-note').textContent).toContain('upload, drop or paste');
});

test('a picture is handed in, shown, and can be undone', async () => {
  await picker.use(picture);
  expect(calls.slice(1)).toEqual(['PUT /api/sessions/one/portrait', 'GET /api/sessions/one/portrait']);
  expect(picker.own).toBe(true);
  await picker.undo();
  expect(calls.at(-2)).toBe('DELETE /api/sessions/one/portrait');
  expect(picker.own).toBe(false);
});

test('a refusal is told in the server’s words, and goes with the next good picture', async () => {
  refusal = { code: 'portrait_no_face', message: 'No face was found.', hint: 'Choose another.' };
  await picker.use(picture);
  const error = find('.notice.error');
  expect(error.textContent).toBe('No face was found. Choose another.');
  expect(error.dataset.code).toBe('portrait_no_face');
  expect(picker.own).toBe(false);
  refusal = null;
  await picker.use(picture);
  expect(error.hidden).toBe(true);
});

test('a picture over the limit is refused without being sent', async () => {
  await picker.use(new Blob([new Uint8Array(13 * 1024 * 1024)]));
  expect(calls.some((call) => call.startsWith('PUT'))).toBe(false);
  expect(find('.notice.error').dataset.code).toBe('portrait_too_large');
});

test('a person’s own picture is handed in again to a session that has never seen it', async () => {
  await picker.use(picture);
  await picker.attach('two', true);
  expect(calls).toContain('PUT /api/sessions/two/portrait');
});
