import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { StatusView } from './status-view.ts';

const retry = vi.fn();
let view: StatusView;

beforeEach(() => {
  vi.useFakeTimers();
  view = new StatusView(retry);
});
afterEach(() => vi.useRealTimers());

test('a lost connection shows its reason, counts down, and can be retried at once', () => {
  view.show({ kind: 'waiting', seconds: 3, reason: 'Lost.' });
  expect(view.banner.hidden).toBe(false);
  expect(view.banner.textContent).toContain('Lost. Trying again in 3 s.');
  vi.advanceTimersByTime(2000);
  expect(view.banner.textContent).toContain('in 1 s.');
  view.banner.querySelector('button')?.click();
  expect(retry).toHaveBeenCalledTimes(1);
});

test('the banner disappears when the connection is back', () => {
  view.show({ kind: 'waiting', seconds: 3, reason: 'Lost.' });
  view.show({ kind: 'connecting' });
  expect(view.banner.hidden).toBe(false);
  view.show({ kind: 'live' });
  expect(view.banner.hidden).toBe(true);
  expect(view.pill.textContent).toBe('Live');
});

test('a closed connection shows why and what to do', () => {
  view.show({ kind: 'closed', reason: 'Too many sessions.', hint: 'Come back later.' });
  expect(view.banner.textContent).toContain('Too many sessions. Come back later.');
});

test('a page in the queue shows its place and needs no button', () => {
  view.show({ kind: 'queued', place: 3 });
  expect(view.banner.textContent).toContain('You are number 3 in the queue.');
  view.show({ kind: 'queued', place: 1 });
  expect(view.banner.textContent).toContain('You are next.');
  expect(view.banner.querySelector('button')?.hidden).toBe(true);
  expect(view.banner.hidden).toBe(false);
});
