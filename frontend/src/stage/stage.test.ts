import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { SheetHead } from '../net/protocol.ts';
import { stubCanvas } from '../testing/canvas.ts';
import { FakeSheet } from '../testing/sheet.ts';
import { SHEET } from '../testing/wire.ts';
import { renderFan } from './fan-overlay.ts';
import { RoundStore } from './round-store.ts';
import { Stage } from './stage.ts';

vi.mock('./fan-overlay.ts', () => ({ renderFan: vi.fn() }));

let store: RoundStore;
let stage: Stage;
const frames: FrameRequestCallback[] = [];
const texts = (selector: string) => [...stage.element.querySelectorAll(selector)].map((element) => element.textContent);

function show(extra: Partial<SheetHead>): void {
  const methods = ['gru_nf', 'gru_snf'];
  const age = extra.step ?? 0;
  const tick = 4 * (extra.generation ?? 0) + age;
  const head = { ...SHEET, tick, age, tiles: 3, columns: 3, methods, fan: [2, 4, 10], ...extra } as SheetHead;
  const changed = store.add(head, new FakeSheet(head.tiles));
  stage.show(head, { values: new Float32Array(2 * 4 * 10 * 2), shape: head.fan, shares: head.shares }, changed);
  for (const run of frames.splice(0)) run(performance.now());
}

beforeEach(() => {
  stubCanvas();
  vi.stubGlobal('requestAnimationFrame', (run: FrameRequestCallback) => {
    frames.push(run);
  });
  frames.length = 0;
  store = new RoundStore();
  stage = new Stage(store);
  document.body.replaceChildren(stage.element);
});

afterEach(() => vi.unstubAllGlobals());

test('there is a tile per future, named by its engine if there are two', () => {
  show({ generation: 1, step: 1 });
  expect(stage.now.futures.map((tile) => tile.label)).toEqual(['Future 1 · GRU-NF', 'Future 2 · GRU-SNF']);
});

test('the age of the prediction is shown in seconds', () => {
  show({ generation: 1, step: 2 });
  expect(texts('.row-note')[0]).toBe('Predicted 0.16 s ago for the following 0.32 s');
});

test('a judged round shows every error and marks the closest', () => {
  for (const step of [1, 2, 3, 4]) show({ generation: 1, step });
  show({
    generation: 2,
    step: 0,
    verdict: { generation: 1, errors: [0.04, 0.02], best: 1, together: 0.025, copy_last: 0.03 },
  });
  expect(texts('.tile-row:nth-child(2) .chip')).toEqual(['no motion 1.5 %', 'off by 2.0 %', 'closest 1.0 %']);
  expect(stage.element.querySelectorAll('.winner')).toHaveLength(1);
  expect(texts('.row-note')[1]).toContain('Future 2 came closest');
  expect(texts('.tally')).toEqual(['1 of 1 better than no motion']);
});

test('no future is marked where no motion was closer than all', () => {
  for (const step of [1, 2, 3, 4]) show({ generation: 1, step });
  const verdict = { generation: 1, errors: [0.04, 0.02], best: 1, together: 0.025, copy_last: 0.01 };
  show({ generation: 2, step: 0, verdict });
  expect(stage.element.querySelectorAll('.winner')).toHaveLength(0);
  expect(texts('.tile-row:nth-child(2) .chip')).toEqual(['no motion 0.5 %', 'off by 2.0 %', 'off by 1.0 %']);
  expect(texts('.tally')).toEqual(['0 of 1 better than no motion']);
});

test('the fan shows the futures that the tiles play, not newer forecasts', () => {
  Object.defineProperty(stage.overlay, 'clientWidth', { value: 100 });
  const shown = (generation: number, age: number, value: number) => {
    const head = { ...SHEET, generation, age, methods: ['a'], fan: [1, 4, 1] } as unknown as SheetHead;
    stage.show(head, { values: new Float32Array(8).fill(value), shape: [1, 4, 1], shares: [] }, false);
    const [, fan, , , passed] = vi.mocked(renderFan).mock.lastCall ?? [];
    return [fan?.values[0], passed];
  };
  expect(shown(1, 0, 0.25)).toEqual([0.25, 0]);
  expect(shown(1, 1, 0.5)).toEqual([0.25, 1]);
  expect(shown(2, 0, 0.75)).toEqual([0.75, 0]);
});

test('until a round has finished, the lower row says what it will show', () => {
  stage.clear(true);
  expect(texts('.row-note')[1]).toContain('compared here with what happened');
});

test('a new portrait clears both rows, a new source only the futures', () => {
  show({ generation: 1, step: 1 });
  stage.clear(false);
  expect(stage.now.lead.empty).toBe(false);
  expect(stage.now.futures.every((tile) => tile.empty)).toBe(true);
  stage.clear(true);
  expect(stage.now.lead.empty).toBe(true);
});

test('a future shows its share from its first picture until the next round, and beside its error afterwards', () => {
  const chosen = { methods: ['gru_snf', 'gru_snf'], drawn: 16 };
  const row = (index: number) => texts(`.tile-row:nth-child(${index}) .tile-share:not([hidden])`);
  show({ ...chosen, generation: 1, step: 0, tiles: 1, shares: [0.625, 0.375] });
  expect(row(1)).toEqual([]);
  for (const step of [1, 2, 3, 4]) show({ ...chosen, generation: 1, step, shares: [0.625, 0.375] });
  expect(row(1)).toEqual(['63 %', '38 %']);
  expect(stage.now.futures[0]?.canvas.getAttribute('aria-label')).toBe(
    'Future 1, 63 % of 16 drawn futures end nearest to this one',
  );
  const verdict = { generation: 1, errors: [0.02, 0.04], best: 0, together: 0.025, copy_last: 0.03 };
  show({ ...chosen, generation: 2, step: 0, tiles: 1, shares: [0.75, 0.25], verdict });
  expect([row(1), row(2)]).toEqual([
    ['63 %', '38 %'],
    ['63 %', '38 %'],
  ]);
  expect(texts('.row-note')[1]).toContain('Future 1, the most probable, came closest');
  show({ ...chosen, generation: 2, step: 1, shares: [0.75, 0.25] });
  expect([row(1), row(2)]).toEqual([
    ['75 %', '25 %'],
    ['63 %', '38 %'],
  ]);
  show({ generation: 3, step: 1 });
  expect(row(1)).toEqual([]);
});
