import { expect, test } from 'vitest';
import { bottleneck, type Pace } from './bottleneck.ts';

const QUICK: Pace = { camera: null, delayMs: 90, serverMs: 40, roundTripMs: 10, overloaded: false };
const named = (pace: Partial<Pace>) => bottleneck({ ...QUICK, ...pace })?.split(':')[0] ?? null;

test('where nothing is slow, nothing is said', () => {
  expect(named({})).toBeNull();
  expect(named({ delayMs: null, roundTripMs: null })).toBeNull();
  expect(named({ camera: { intervalMs: 40, trackMs: 20 } })).toBeNull();
});

test('a camera that gives few pictures is named, with its rate', () => {
  expect(named({ camera: { intervalMs: 200, trackMs: 20 } })).toBe('Your camera gives only 5 pictures a second');
  expect(named({ camera: { intervalMs: 400, trackMs: 20 } })).toBe('Your camera gives only 2.5 pictures a second');
});

test('a browser that takes long to find the face is named', () => {
  expect(named({ camera: { intervalMs: 250, trackMs: 190 } })).toBe(
    'Your browser finds the face only 4.0 times a second',
  );
});

test('what takes most of a long delay is named', () => {
  expect(named({ delayMs: 500, serverMs: 380 })).toBe('The server is busy');
  expect(named({ delayMs: 500, roundTripMs: 400 })).toBe('The line is slow');
  expect(named({ delayMs: 500 })).toBe('Your browser is slow');
  expect(named({ delayMs: 500, roundTripMs: null })).toBe('Your browser is slow');
});

test('a server that skips sheets to keep up is named though the delay is short', () => {
  expect(named({ overloaded: true })).toBe('The server is busy');
});
