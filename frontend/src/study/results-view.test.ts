import { afterEach, expect, test, vi } from 'vitest';
import { StudyResultsView, scoreText } from './results-view.ts';

afterEach(() => vi.unstubAllGlobals());

const rank = (method: string, score: number, low: number | null = null, high: number | null = null) => ({
  ...{ method, score, low, high },
  ...{ preferred: 0.625, votes: 40 },
});

async function show(body: object, status = 200): Promise<StudyResultsView> {
  vi.stubGlobal('fetch', async () => new Response(JSON.stringify(body), { status }));
  const view = new StudyResultsView();
  await view.start();
  return view;
}

test('a score has a sign and its interval', () => {
  expect(scoreText(rank('truth', 0.42, -0.1, 0.714))).toBe('+0.42 (−0.10 to +0.71)');
  expect(scoreText(rank('truth', -0.001))).toBe('+0.00');
});

test('every method has a row with its name, place and votes', async () => {
  const ranks = [rank('truth', 1, 0.5, 1.5), rank('gru_nf', -1, -1.5, -0.5)];
  const view = await show({ voters: 9, votes: 40, questions: [{ question: 'realism', votes: 40, ranks }] });
  const rows = [...view.element.querySelectorAll('li')];
  expect(rows.map((row) => row.querySelector('.rank-name')?.textContent)).toEqual(['What happened', 'GRU-NF']);
  expect(rows[0]?.textContent).toContain('preferred in 63 % of 40');
  const places = rows.map((row) => Number.parseFloat(row.querySelector<HTMLElement>('.rank-dot')?.style.left ?? ''));
  expect(places[0]).toBeGreaterThan(50);
  expect((places[0] ?? 0) + (places[1] ?? 0)).toBeCloseTo(100, 1);
});

test('without votes and without a study it says so', async () => {
  const none = { voters: 0, votes: 0, questions: [{ question: 'realism', votes: 0, ranks: [] }] };
  expect((await show(none)).element.textContent).toContain('No votes yet.');
  const off = { code: 'study_off', message: 'Off.', hint: 'Set MOTIONFAN_STUDY.' };
  expect((await show(off, 404)).element.textContent).toContain('Set MOTIONFAN_STUDY.');
});
