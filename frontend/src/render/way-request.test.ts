import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { WayRequest } from './way-request.ts';

let asked: string[];
let request: WayRequest;
const show = (hidden: boolean) => {
  vi.spyOn(document, 'hidden', 'get').mockReturnValue(hidden);
  document.dispatchEvent(new Event('visibilitychange'));
};

beforeEach(() => {
  // Requests of earlier tests listen too.
  const own: string[] = [];
  asked = own;
  request = new WayRequest((way) => own.push(way));
});
afterEach(() => vi.restoreAllMocks());

test('a hidden page asks for keypoints, and for its way again when it is back', () => {
  request.ask('layers');
  show(true);
  show(false);
  expect(asked).toEqual(['layers', 'keypoints', 'layers']);
});

test('a page that the server draws for asks for pictures again', () => {
  show(true);
  show(false);
  expect(asked).toEqual(['keypoints', 'pictures']);
});

test('what is asked for in a hidden page counts when it is back', () => {
  show(true);
  request.ask('layers');
  request.ask('pictures');
  expect(new Set(asked)).toEqual(new Set(['keypoints']));
  show(false);
  expect(asked.at(-1)).toBe('pictures');
});

test('a new session starts with pictures, unless the page is hidden', () => {
  request.ask('layers');
  request.restart();
  expect(asked).toEqual(['layers']);
  show(true);
  request.restart();
  show(false);
  expect(asked).toEqual(['layers', 'keypoints', 'keypoints', 'pictures']);
});
