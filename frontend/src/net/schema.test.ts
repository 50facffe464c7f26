import { describe, expect, test } from 'vitest';
import { SCHEMA } from '../testing/schema.ts';
import { defaultsOf, fieldsOf, isActive, maxPortraitBytes, niceStep, sanitise } from './schema.ts';

const fields = fieldsOf(SCHEMA);

describe('fields of the schema', () => {
  test('follow the reference to the definition and keep its order', () => {
    expect(fields.map((field) => field.name)).toEqual(['method', 'k', 'temperature', 'mcmc_steps']);
  });

  test('an enum becomes a choice with "both" last', () => {
    expect(fields[0]).toMatchObject({ type: 'choice', options: ['gru_nf', 'gru_snf', 'both'], default: 'gru_snf' });
  });

  test('labels name the options of a choice and order them', () => {
    const choose = { title: 'Draws', enum: ['4x', 'off'], default: '4x', labels: { off: 'Off', '4x': '4' } };
    expect(fieldsOf({ properties: { choose } })).toMatchObject([
      { options: ['off', '4x'], labels: { off: 'Off', '4x': '4' } },
    ]);
  });

  test('numbers carry range, step and unit', () => {
    expect(fields[1]).toMatchObject({ type: 'number', integer: true, min: 1, max: 16, step: 1, unit: 'paths' });
    expect(fields[2]).toMatchObject({ integer: false, min: 0, max: 2, step: 0.05 });
  });

  test('a type without a control is refused by name', () => {
    expect(() => fieldsOf({ properties: { note: { type: 'string' } } })).toThrow('note');
  });
});

test('steps are round numbers', () => {
  expect([1, 2, 4].map((range) => niceStep(range))).toEqual([0.02, 0.05, 0.1]);
});

test('steps are fine enough to hit the default', () => {
  expect(niceStep(4, 0.35)).toBe(0.05);
  expect(niceStep(1, 0.3)).toBe(0.02);
});

test('stored settings are kept where valid and replaced by defaults where not', () => {
  const stored = { method: 'gone', k: 7, temperature: 9, mcmc_steps: 1.5, surplus: 1 };
  expect(sanitise(fields, stored)).toEqual({ ...defaultsOf(fields), k: 7 });
  expect(sanitise(fields, 'rubbish')).toEqual(defaultsOf(fields));
  expect(sanitise(fields, null)).toEqual(defaultsOf(fields));
});

test('a field that depends on another is active only with the named values', () => {
  const mcmc = fields[3];
  if (!mcmc) throw new Error('the schema has no MCMC field');
  expect(isActive(mcmc, { method: 'both' })).toBe(true);
  expect(isActive(mcmc, { method: 'gru_nf' })).toBe(false);
});

test('the largest portrait is the server’s limit, or 12 MB where the schema names none', () => {
  expect(maxPortraitBytes({ ...SCHEMA, limits: { portrait_bytes: 5_000_000 } })).toBe(5_000_000);
  expect(maxPortraitBytes(SCHEMA)).toBe(12_000_000);
});
