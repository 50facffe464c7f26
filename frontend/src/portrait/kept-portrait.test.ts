import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ApiError } from '../net/api.ts';
import { KeptPicture } from './kept-picture.ts';
import { PortraitPicker } from './portrait-picker.ts';

type Call = { what: string; body: unknown };
const LANDMARKS = [[0.25, -0.5, 0.125]] as const;
const file = new Blob(['a picture of the visitor'], { type: 'image/jpeg' });
const crop = new Blob(['its crop'], { type: 'image/png' });

let calls: Call[];
let refusal: object | null;
let picker: PortraitPicker;

class TestPicture extends KeptPicture {
  constructor() {
    super(document.createElement('canvas'), LANDMARKS);
  }
  override toFile = async () => crop;
}
const keep = vi.fn(async (_file: Blob): Promise<KeptPicture> => new TestPicture());

const sent = () => calls.filter(({ what }) => !what.startsWith('GET'));
const pictures = () => sent().filter(({ body }) => body instanceof Blob);
const find = (selector: string) => picker.element.querySelector(selector) as HTMLElement;
const toggle = () => (find('.keep input') as HTMLInputElement).click();
const answers = () => [...picker.question.element.querySelectorAll('button')];

beforeEach(async () => {
  calls = [];
  refusal = null;
  keep.mockClear();
  localStorage.clear();
  vi.stubGlobal('fetch', async (path: string, init: RequestInit = {}) => {
    calls.push({ what: `${init.method ?? 'GET'} ${path}`, body: init.body });
    if (path === '/api/portraits') return new Response(JSON.stringify([{ name: 'astronaut', title: 'Photograph' }]));
    if (init.method === 'PUT' && refusal) return new Response(JSON.stringify(refusal), { status: 400 });
    return new Response('x');
  });
  picker = new PortraitPicker(keep);
  picker.keepSwitch.ability = { able: true };
  document.body.append(picker.element, picker.question.element);
  await picker.attach('one', true);
});
afterEach(() => {
  vi.unstubAllGlobals();
  document.body.replaceChildren();
});

test('the server gets the landmarks of a picture that is kept, and nothing else', async () => {
  await picker.use(file);
  expect(keep).toHaveBeenCalledExactlyOnceWith(file);
  expect(sent()).toEqual([{ what: 'PUT /api/sessions/one/landmarks', body: JSON.stringify({ landmarks: LANDMARKS }) }]);
  expect(picker.kept).toBeInstanceOf(KeptPicture);
  expect(find('.card-note').textContent).toBe('Your picture. Only this browser has it.');
});

test('a new session gets the landmarks again', async () => {
  await picker.use(file);
  await picker.attach('two', true);
  expect(sent().at(-1)?.what).toBe('PUT /api/sessions/two/landmarks');
  expect(keep).toHaveBeenCalledOnce();
  expect([picker.kept !== null, pictures()]).toEqual([true, []]);
});

test('turning the switch off sends the crop, turning it on takes the picture back', async () => {
  await picker.use(file);
  toggle();
  expect(find('.card-note').textContent).toBe('Your picture is sent to the server now.');
  await vi.waitFor(() => expect(find('.card-note').textContent).toContain('The server keeps it in memory only'));
  expect(sent().at(-1)).toEqual({ what: 'PUT /api/sessions/one/portrait', body: crop });
  expect(picker.kept).toBeNull();
  toggle();
  await vi.waitFor(() => expect(picker.kept).not.toBeNull());
  expect(sent().at(-1)?.what).toBe('PUT /api/sessions/one/landmarks');
});

test('with the switch off, a picture is sent as it is', async () => {
  toggle();
  await picker.use(file);
  expect(sent()).toEqual([{ what: 'PUT /api/sessions/one/portrait', body: file }]);
  expect(keep).not.toHaveBeenCalled();
});

test('a picture is not sent if this browser turns out not to draw while it waits', async () => {
  toggle();
  toggle();
  picker.keepSwitch.ability = null;
  const used = picker.use(file);
  picker.keepSwitch.ability = { able: false, reason: 'it is too slow.' };
  await used;
  expect(sent()).toEqual([]);
  expect(find('.notice.error').dataset.code).toBe('portrait_not_kept');
  await picker.use(file);
  expect(pictures()).toHaveLength(1);
});

test('a picture that cannot be used, or is refused, changes nothing', async () => {
  keep.mockRejectedValueOnce(new ApiError(0, 'portrait_no_face', 'No face was found.', 'Choose another.'));
  await picker.use(file);
  expect([find('.notice.error').dataset.code, sent(), picker.kept]).toEqual(['portrait_no_face', [], null]);
  refusal = { code: 'too_many_portraits', message: 'Too many.', hint: '' };
  await picker.use(file);
  expect([find('.notice.error').dataset.code, picker.kept]).toEqual(['too_many_portraits', null]);
});

test('Undo leaves a picture that is kept where it is', async () => {
  await picker.use(file);
  await picker.choose('oil');
  expect(picker.kept).toBeNull();
  await picker.undo();
  expect(sent().at(-1)?.what).toBe('PUT /api/sessions/one/landmarks');
  expect([picker.kept !== null, pictures()]).toEqual([true, []]);
});

test('when this browser stops drawing, the page asks, and sends nothing before the answer', async () => {
  await picker.use(file);
  void picker.showStopped(true);
  void picker.showStopped(true);
  await picker.attach('two', true);
  expect(picker.question.element.textContent).toContain('Your picture is still only here.');
  expect([picker.question.open, pictures()]).toEqual([true, []]);
  answers()[0]?.click();
  await vi.waitFor(() => expect(pictures()).toEqual([{ what: 'PUT /api/sessions/two/portrait', body: crop }]));
  await vi.waitFor(() => expect((find('.keep input') as HTMLInputElement).checked).toBe(false));
  expect([picker.kept, picker.question.open]).toEqual([null, false]);
});

test('or a built-in portrait is used, or the question goes when the browser draws again', async () => {
  await picker.use(file);
  void picker.showStopped(true);
  void picker.showStopped(false);
  expect(picker.question.open).toBe(false);
  void picker.showStopped(true);
  answers()[1]?.click();
  await vi.waitFor(() => expect(sent().at(-1)?.what).toBe('DELETE /api/sessions/one/portrait'));
  await vi.waitFor(() => expect(picker.kept).toBeNull());
  expect(pictures()).toEqual([]);
});
