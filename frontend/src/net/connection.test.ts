import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { FakeSocket, READY, SHEET } from '../testing/wire.ts';
import { ApiError, FullError } from './api.ts';
import { Connection, retryDelay } from './connection.ts';
import { Kind } from './protocol.ts';

const api = {
  createSession: vi.fn(async (_waiting: string | null) => ({ session: 'abc', ws: '/ws?ticket=1' })),
  renewTicket: vi.fn(async (session: string) => ({ session, ws: '/ws?ticket=2' })),
};
const events = { status: vi.fn(), ready: vi.fn(), sheet: vi.fn(), failure: vi.fn() };
let connection: Connection;

const socket = (): FakeSocket => {
  const last = FakeSocket.opened.at(-1);
  if (!last) throw new Error('no socket was opened');
  return last;
};
const lastStatus = () => events.status.mock.lastCall?.[0];

beforeEach(async () => {
  vi.useFakeTimers();
  vi.clearAllMocks();
  vi.stubGlobal('WebSocket', FakeSocket);
  FakeSocket.opened = [];
  connection = new Connection(api, events, 'https://host:1');
  await connection.open();
  socket().deliver('ready', READY, 5);
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test('a ticket leads to a secure socket, and ready makes it live', () => {
  expect(socket().url).toBe('wss://host:1/ws?ticket=1');
  expect(lastStatus()).toEqual({ kind: 'live' });
  expect(events.ready).toHaveBeenCalledWith(READY, true);
});

test('messages carry the epoch and rising numbers', () => {
  connection.send({ kind: 'reference' });
  connection.send({ kind: 'ping', t: 1 });
  const seen = socket().sent.map((data) => new DataView(data.buffer));
  expect(seen.map((view) => [view.getUint16(2, true), view.getUint32(4, true)])).toEqual([
    [5, 0],
    [5, 1],
  ]);
});

test('landmarks are not sent while too many bytes wait; other messages are', () => {
  socket().bufferedAmount = 1e6;
  expect(connection.send({ kind: 'landmarks', t: 0, landmarks: null })).toBe(false);
  expect(connection.send({ kind: 'reference' })).toBe(true);
  expect(connection.counts).toMatchObject({ sent: 0, skipped: 1 });
});

describe('sheets', () => {
  test('of another epoch and out of order are dropped', () => {
    socket().deliver('sheet', SHEET, 4, 1);
    socket().deliver('sheet', SHEET, 5, 2);
    socket().deliver('sheet', SHEET, 5, 2);
    expect(events.sheet).toHaveBeenCalledTimes(1);
    expect(connection.counts.stale).toBe(2);
  });

  test('may count from the start again in a new epoch', () => {
    socket().deliver('sheet', SHEET, 5, 9);
    socket().deliver('ready', READY, 6);
    socket().deliver('sheet', SHEET, 6, 0);
    expect(events.sheet).toHaveBeenCalledTimes(2);
    expect(events.ready).toHaveBeenLastCalledWith(READY, false);
  });

  test('are acknowledged only in their own epoch', () => {
    socket().deliver('sheet', SHEET, 5, 9);
    const sheet = events.sheet.mock.lastCall?.[0];
    connection.acknowledge(sheet);
    socket().deliver('ready', READY, 6);
    connection.acknowledge(sheet);
    expect(socket().kinds).toEqual([Kind.ack]);
  });
});

describe('a lost connection', () => {
  test('is retried with a ticket for the same session', async () => {
    const first = socket();
    first.drop();
    expect(lastStatus().kind).toBe('waiting');
    await vi.advanceTimersByTimeAsync(1000);
    expect(api.renewTicket).toHaveBeenCalledWith('abc');
    socket().deliver('ready', READY, 0);
    expect(events.ready).toHaveBeenLastCalledWith(READY, false);
    expect(lastStatus()).toEqual({ kind: 'live' });
    first.deliver('sheet', SHEET, 0, 1);
    expect(events.sheet).not.toHaveBeenCalled();
  });

  test('begins a fresh session where the server has forgotten the old one', async () => {
    api.renewTicket.mockRejectedValueOnce(new ApiError(404, 'session_unknown', 'gone', ''));
    socket().drop();
    await vi.advanceTimersByTimeAsync(1000);
    expect(api.createSession).toHaveBeenCalledTimes(2);
    socket().deliver('ready', READY, 0);
    expect(events.ready).toHaveBeenLastCalledWith(READY, true);
  });

  test('waits longer after every failure', async () => {
    api.renewTicket.mockRejectedValue(new Error('no answer'));
    socket().drop();
    const waits = [lastStatus().seconds];
    for (let i = 0; i < 3; i++) {
      await vi.advanceTimersByTimeAsync(waits[i] * 1000);
      waits.push(lastStatus().seconds);
    }
    api.renewTicket.mockReset();
    expect(waits[3]).toBeGreaterThan(waits[0] * 3);
  });

  test('is noticed when the server stops answering', async () => {
    const first = socket();
    await vi.advanceTimersByTimeAsync(2000);
    expect(first.kinds).toEqual([Kind.ping]);
    socket().deliver('pong', { t: 0 });
    await vi.advanceTimersByTimeAsync(4000);
    expect(lastStatus()).toEqual({ kind: 'live' });
    await vi.advanceTimersByTimeAsync(6000);
    expect(first.closed).toBe(true);
    expect(events.status.mock.calls.map(([status]) => status.kind)).toContain('waiting');
  });
});

test('a page that waits for a place shows it, keeps its ticket, and goes in by itself', async () => {
  const full = (place: number) => new FullError(new ApiError(503, 'sessions_full', 'Full.', ''), place, 'mine', 2);
  api.renewTicket.mockRejectedValueOnce(new ApiError(404, 'session_unknown', 'gone', ''));
  api.createSession.mockRejectedValueOnce(full(2)).mockRejectedValueOnce(full(1));
  socket().drop();
  api.createSession.mockClear();
  connection.session = null;
  await vi.advanceTimersByTimeAsync(1000);
  expect(lastStatus()).toEqual({ kind: 'queued', place: 2 });
  await vi.advanceTimersByTimeAsync(2000);
  expect(lastStatus()).toEqual({ kind: 'queued', place: 1 });
  await vi.advanceTimersByTimeAsync(2000);
  expect(api.createSession.mock.calls).toEqual([[null], ['mine'], ['mine']]);
  socket().deliver('ready', READY, 0);
  expect(lastStatus()).toEqual({ kind: 'live' });
});

test('a fatal error closes the connection for good and shows its message', async () => {
  socket().deliver('error', { code: 'x', message: 'No.', hint: 'Reload.', fatal: true }, 5);
  expect(lastStatus()).toEqual({ kind: 'closed', reason: 'No.', hint: 'Reload.' });
  socket().drop();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(FakeSocket.opened).toHaveLength(1);
});

test('retry waits double up to eight seconds, with 25 % jitter', () => {
  expect([0, 1, 4, 9].map((attempt) => retryDelay(attempt, () => 0.5))).toEqual([500, 1000, 8000, 8000]);
  expect(retryDelay(0, () => 0)).toBe(375);
});
