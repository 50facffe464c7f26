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
const PORTRAITS = [
  { name: 'astronaut', title: 'Photograph' },
  { name: 'oil', title: 'Oil on canvas' },
];
const picture = new Blob(['picture'], { type: 'image/jpeg' });

beforeEach(async () => {
  calls.length = 0;
  refusal = null;
  vi.stubGlobal('fetch', async (path: string, init: RequestInit = {}) => {
    calls.push(`${init.method ?? 'GET'} ${path}`);
    if (path === '/api/portraits') return new Response(JSON.stringify(PORTRAITS));
    if (init.method === 'PUT' && refusal) return new Response(JSON.stringify(refusal), { status: 400 });
    return new Response('x');
  });
  picker = new PortraitPicker();
  document.body.append(picker.element);
  await picker.attach('one', true);
  await vi.waitFor(() => expect(find('.gallery').children.length).toBe(2));
});
afterEach(() => {
  vi.unstubAllGlobals();
  document.body.replaceChildren();
});

test('a new session shows its bundled portrait', () => {
  expect(calls.sort()).toEqual(['GET /api/portraits', 'GET /api/sessions/one/portrait']);
  expect(find('.card-note').textContent).toContain('upload, drop or paste');
});

test('a picture is handed in, shown, and can be undone', async () => {
  await picker.use(picture);
  expect(calls.slice(2)).toEqual(['PUT /api/sessions/one/portrait', 'GET /api/sessions/one/portrait']);
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

test('a bundled portrait is chosen by its thumbnail, marked, and undone step by step', async () => {
  find('[data-name=oil]').click();
  await vi.waitFor(() => expect(calls).toContain('PUT /api/sessions/one/portrait/oil'));
  await vi.waitFor(() => expect(find('[data-name=oil]').getAttribute('aria-pressed')).toBe('true'));
  await picker.use(picture);
  expect(find('[data-name=oil]').getAttribute('aria-pressed')).toBe('false');
  await picker.undo();
  expect(calls.at(-2)).toBe('PUT /api/sessions/one/portrait/oil');
  expect(find('[data-name=oil]').getAttribute('aria-pressed')).toBe('true');
  await picker.undo();
  expect(calls.at(-2)).toBe('DELETE /api/sessions/one/portrait');
  expect(find('[data-name=astronaut]').getAttribute('aria-pressed')).toBe('true');
});

test('the chosen portrait is asked for again in a session that has never seen it', async () => {
  await picker.choose('oil');
  await picker.attach('two', true);
  expect(calls).toContain('PUT /api/sessions/two/portrait/oil');
});

test('choosing what is already there asks for nothing', async () => {
  await picker.choose('astronaut');
  expect(calls.some((call) => call.startsWith('PUT') || call.startsWith('DELETE'))).toBe(false);
});
