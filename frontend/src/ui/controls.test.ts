import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { fieldsOf, type NumberField } from '../net/schema.ts';
import { SCHEMA } from '../testing/schema.ts';
import { Controls, valueText } from './controls.ts';

const fields = fieldsOf(SCHEMA);
const changed = vi.fn();
let controls: Controls;

const find = <T extends Element>(selector: string): T => {
  const element = controls.element.querySelector<T>(selector);
  if (!element) throw new Error(`no ${selector}`);
  return element;
};
const slide = (name: string, value: number): void => {
  const input = find<HTMLInputElement>(`#setting-${name}`);
  input.value = String(value);
  input.dispatchEvent(new Event('input'));
};

beforeEach(() => {
  vi.useFakeTimers();
  localStorage.clear();
  changed.mockClear();
  controls = new Controls(fields, changed);
});
afterEach(() => vi.useRealTimers());

test('every field of the schema has a labelled control', () => {
  for (const field of fields) expect(find(`[data-setting=${field.name}]`).textContent).toContain(field.title);
  expect(find<HTMLInputElement>('#setting-k').max).toBe('16');
  expect(find<HTMLInputElement>('#setting-method-gru_snf').checked).toBe(true);
});

test('the options of a choice have the schema’s labels, else the names of methods', () => {
  const choose = { title: 'Draws', enum: ['4x', 'off'], default: '4x', labels: { off: 'Off', '4x': '4' } };
  const { element } = new Controls([...fieldsOf({ properties: { choose } }), ...fields], changed);
  const labels = (name: string) =>
    [...element.querySelectorAll(`[data-setting=${name}] label`)].map((l) => l.textContent);
  expect(labels('choose')).toEqual(['Off', '4']);
  expect(labels('method')).toEqual(['GRU-NF', 'GRU-SNF', 'Both']);
});

test('dragging reports the last value once', () => {
  for (const k of [5, 6, 7]) slide('k', k);
  vi.advanceTimersByTime(200);
  expect(changed).toHaveBeenCalledTimes(1);
  expect(changed.mock.lastCall?.[0]).toMatchObject({ k: 7, method: 'gru_snf' });
});

test('settings are stored, and reset to the defaults', () => {
  slide('k', 9);
  expect(new Controls(fields, changed).settings.k).toBe(9);
  controls.reset();
  expect(controls.settings.k).toBe(4);
  expect(find<HTMLOutputElement>('[data-setting=k] output').textContent).toBe('4 paths');
});

test('storage that throws is ignored', () => {
  const broken = vi.spyOn(Storage.prototype, 'setItem').mockImplementation(() => {
    throw new Error('full');
  });
  expect(() => slide('k', 3)).not.toThrow();
  broken.mockRestore();
});

test('a setting without effect for the chosen engine is disabled', () => {
  controls.set('method', 'gru_nf');
  expect(find<HTMLInputElement>('#setting-mcmc_steps').disabled).toBe(true);
  controls.set('method', 'both');
  expect(find<HTMLInputElement>('#setting-mcmc_steps').disabled).toBe(false);
});

test('a nudge stays within the range', () => {
  for (let i = 0; i < 30; i++) controls.nudge('k', 1);
  expect(controls.settings.k).toBe(16);
});

test('values show as many decimals as their step', () => {
  const temperature = fields[2] as NumberField;
  expect(valueText(temperature, 1)).toBe('1.00');
  expect(valueText({ ...temperature, step: 0.1 }, 0.5)).toBe('0.5');
});

test('advice is shown below the controls until it is withdrawn', () => {
  const notice = find<HTMLElement>('.notice');
  expect(notice.hidden).toBe(true);
  controls.showAdvice('Lower the step size.');
  expect([notice.hidden, notice.textContent, notice.getAttribute('role')]).toEqual([
    false,
    'Lower the step size.',
    'status',
  ]);
  controls.showAdvice(null);
  expect(notice.hidden).toBe(true);
});
