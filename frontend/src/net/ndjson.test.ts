import { expect, test, vi } from 'vitest';
import { readLines } from './ndjson.ts';

function stream(bytes: Uint8Array, size: number, cancelled = vi.fn()): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) controller.close();
      else controller.enqueue(bytes.slice(at, at + size));
      at += size;
    },
    cancel: cancelled,
  });
}
const bytes = (text: string) => new TextEncoder().encode(text);
const all = async (from: ReadableStream<Uint8Array>) => {
  const values: unknown[] = [];
  for await (const value of readLines(from)) values.push(value);
  return values;
};

test.each([1, 2, 3, 7, 1000])(
  'lines are read whole although chunks of %i bytes split them and their characters',
  async (size) => {
    const text = '{"kind":"begun","words":"größer → größer"}\n\n{"share":0.5}\r\n{"last":true}';
    expect(await all(stream(bytes(text), size))).toEqual([
      { kind: 'begun', words: 'größer → größer' },
      { share: 0.5 },
      { last: true },
    ]);
  },
);

test('an empty stream has no lines', async () => {
  expect(await all(stream(bytes(''), 4))).toEqual([]);
});

test('a line that is not JSON is an error', async () => {
  await expect(all(stream(bytes('{"a":1}\n<html>\n'), 5))).rejects.toThrow(SyntaxError);
});

test('leaving the loop closes the stream', async () => {
  const cancelled = vi.fn();
  for await (const _ of readLines(stream(bytes('1\n2\n3\n4\n'), 2, cancelled))) break;
  expect(cancelled).toHaveBeenCalled();
});
