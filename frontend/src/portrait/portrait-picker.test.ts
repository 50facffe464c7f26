import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { PortraitPicker } from './portrait-picker.ts';

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
  picker = new PortraitPicker(() => Promise.reject(new Error('Nothing is kept here.')));
  picker.keepSwitch.ability = { able: false, reason: 'it is a test.' };
  document.body.append(picker.element);
  await picker.attach('one', true);
  await vi.waitFor(() => expect(find('.gallery').children.length).toBe(2));
});
afterEach(() => {
  vi.unstubAllGlobals();
  document.body.replaceChildren();
});

test('a new session shows the default portrait', () => {
  expect(calls.sort()).toEqual(['GET /api/portraits', 'GET /api/sessions/one/portrait']);
  expect(find('.card-note').textContent).toContain('Upload, drop or paste');
});

test('a picture is sent, shown, and can be undone', async () => {
  await picker.use(picture);
  expect(calls.slice(2)).toEqual(['PUT /api/sessions/one/portrait', 'GET /api/sessions/one/portrait']);
  expect(picker.hasChoice).toBe(true);
  await picker.undo();
  expect(calls.at(-2)).toBe('DELETE /api/sessions/one/portrait');
  expect(picker.hasChoice).toBe(false);
});

test('a refusal shows the server’s message, and disappears with the next accepted picture', async () => {
  refusal = { code: 'portrait_no_face', message: 'No face was found.', hint: 'Choose another.' };
  await picker.use(picture);
  const error = find('.notice.error');
  expect(error.textContent).toBe('No face was found. Choose another.');
  expect(error.dataset.code).toBe('portrait_no_face');
  expect(picker.hasChoice).toBe(false);
  refusal = null;
  await picker.use(picture);
  expect(error.hidden).toBe(true);
});

test('a picture over the limit is refused without being sent', async () => {
  picker.maxBytes = 2_000_000;
  await picker.use(new Blob([new Uint8Array(2_000_001)]));
  expect(calls.some((call) => call.startsWith('PUT'))).toBe(false);
  expect(find('.notice.error').dataset.code).toBe('portrait_too_large');
  expect(find('.notice.error').textContent).toContain('larger than 2 MB');
});

test('the user’s own picture is sent again to a new session', async () => {
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

test('the chosen portrait is chosen again in a new session', async () => {
  await picker.choose('oil');
  await picker.attach('two', true);
  expect(calls).toContain('PUT /api/sessions/two/portrait/oil');
});

test('choosing the portrait in use sends nothing', async () => {
  await picker.choose('astronaut');
  expect(calls.some((call) => call.startsWith('PUT') || call.startsWith('DELETE'))).toBe(false);
});

test('the next epoch shows another portrait, also if its message comes after the answer; after a refusal it does not', async () => {
  picker.takeChange();
  await picker.choose('oil');
  expect([picker.takeChange(), picker.takeChange()]).toEqual([true, false]);
  refusal = { code: 'portrait_no_face', message: 'No face was found.', hint: '' };
  await picker.use(picture);
  expect(picker.takeChange()).toBe(false);
});
