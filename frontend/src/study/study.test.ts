import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { stubCanvas } from '../testing/canvas.ts';
import { Study } from './study.ts';

const TRIALS = [
  { id: 'a', question: 'realism', clips: 1 },
  { id: 'b', question: 'realism', clips: 1 },
  { id: 'c', question: 'diversity', clips: 4 },
];
const PLAN = { voter: 'v', trials: TRIALS, frames: 17, rate: 12.5 };
const votes: object[] = [];
let refuse: { status: number; code: string } | null;
let study: Study;

const json = (body: object, status = 200) => new Response(JSON.stringify(body), { status });
const refusal = (code: string, status: number) => json({ code, message: 'No.', hint: 'Wait.' }, status);
const press = (key: string) => window.dispatchEvent(new KeyboardEvent('keydown', { key }));
const text = () => study.element.textContent ?? '';
const click = async (name: string) => {
  await vi.waitFor(() => expect(text()).toContain(name));
  [...study.element.querySelectorAll('button')].find((button) => button.textContent?.includes(name))?.click();
};
const shown = (count: string) =>
  vi.waitFor(() => {
    expect(text()).toContain(count);
    expect(study.element.querySelector('.pair')?.getAttribute('aria-busy')).toBe('false');
  });

beforeEach(async () => {
  stubCanvas();
  sessionStorage.clear();
  votes.length = 0;
  refuse = null;
  vi.stubGlobal('createImageBitmap', async () => ({ width: 17 * 8, height: 8 }));
  vi.stubGlobal('requestAnimationFrame', () => 0);
  vi.stubGlobal(
    'fetch',
    vi.fn(async (path: string, init: RequestInit = {}) => {
      if (path.endsWith('/voters')) return json(PLAN);
      if (path === '/api/study') return json({ trials: TRIALS.length });
      if (!path.endsWith('/votes')) return new Response(new Blob(['x']));
      if (refuse) return refusal(refuse.code, refuse.status);
      votes.push(JSON.parse(String(init.body)));
      return json({ stored: true });
    }),
  );
  study = new Study();
  document.body.replaceChildren(study.element);
  await study.start();
});

afterEach(() => vi.unstubAllGlobals());

test('nothing is asked of the server before consent', () => {
  expect(text()).toContain('I agree');
  press('1');
  expect(vi.mocked(fetch).mock.calls.map(([path]) => path)).toEqual(['/api/study']);
});

test('keys answer, once for each pair, until all are judged', async () => {
  await click('Agree and begin');
  await shown('Pair 1 of 3');
  press('ArrowLeft');
  press('ArrowLeft');
  await shown('Pair 2 of 3');
  press(' ');
  await click('Continue');
  await shown('Pair 3 of 3');
  press('2');
  await vi.waitFor(() => expect(text()).toContain('All 3 answers are stored.'));
  expect(votes).toEqual([
    { trial: 'a', choice: 'left' },
    { trial: 'b', choice: 'none' },
    { trial: 'c', choice: 'right' },
  ]);
});

test('an answer that the server refuses can be given again, and one that it has counts', async () => {
  await click('Agree and begin');
  await shown('Pair 1 of 3');
  refuse = { status: 500, code: 'vote_not_stored' };
  press('1');
  await vi.waitFor(() => expect(text()).toContain('Your answer was not stored. No. Wait.'));
  refuse = { status: 409, code: 'vote_repeated' };
  press('1');
  await shown('Pair 2 of 3');
});

test('a reload goes on with the same visit, and a forgotten one begins again', async () => {
  await click('Agree and begin');
  await shown('Pair 1 of 3');
  press('1');
  await shown('Pair 2 of 3');
  study = new Study();
  document.body.replaceChildren(study.element);
  await study.start();
  await shown('Pair 2 of 3');
  refuse = { status: 404, code: 'trial_unknown' };
  press('1');
  await click('Try again');
  await vi.waitFor(() => expect(text()).toContain('I agree'));
});
