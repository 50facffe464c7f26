import { createHash } from 'node:crypto';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { loadNetworkFiles, type OnProgress } from './network-files.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const load = (progress: OnProgress = () => undefined) => loadNetworkFiles('/assets/runtime.wasm', progress);
let stored: Map<string, Response>;
let answers: Record<string, string>;

/** A cache as browsers have it, by address. */
const cache = {
  match: async (url: string) => stored.get(absolute(url))?.clone(),
  put: async (url: string, response: Response) => void stored.set(absolute(url), response),
  delete: async (url: string) => stored.delete(absolute(url)),
  keys: async () => [...stored.keys()].map((url) => ({ url })),
};
const absolute = (url: string) => new URL(url, location.href).href;
const fetched = vi.fn(async (url: string) => {
  const text = Object.entries(answers).find(([part]) => url.includes(part))?.[1];
  if (text === undefined) return new Response('{}', { status: 404 });
  return new Response(bytes(text), { headers: { 'content-length': `${text.length}` } });
});

beforeEach(() => {
  fetched.mockClear();
  stored = new Map();
  const entry = (name: string) => ({ url: `/api/networks/${name}.onnx`, sha256: sha256(name), bytes: name.length });
  answers = {
    '/encode.onnx': 'encode',
    '/render.onnx': 'render',
    '.wasm': 'runtime',
    '/api/networks': JSON.stringify({ encode: entry('encode'), render: entry('render') }),
  };
  vi.stubGlobal('fetch', fetched);
  vi.stubGlobal('caches', { open: async () => cache });
});
afterEach(() => vi.unstubAllGlobals());

test('files are loaded once, with their progress, and kept; those of other versions are forgotten', async () => {
  stored.set(absolute('/api/networks/old.onnx'), new Response('old'));
  const progress = vi.fn();
  const files = await load(progress);
  expect(new TextDecoder().decode(files.render)).toBe('render');
  expect(progress).toHaveBeenLastCalledWith(19, 19);
  expect(stored.has(absolute('/api/networks/old.onnx'))).toBe(false);
  fetched.mockClear();
  expect(new TextDecoder().decode((await load(progress)).encode)).toBe('encode');
  expect(fetched.mock.calls.map(([url]) => url)).toEqual(['/api/networks']);
});

test('without a cache they are loaded every time', async () => {
  vi.stubGlobal('caches', { open: () => Promise.reject(new Error('private window')) });
  expect((await load()).runtime.byteLength).toBe(7);
});

test('a damaged file is refused and not kept', async () => {
  answers['/render.onnx'] = 'broken';
  await expect(load()).rejects.toThrow('damaged');
  expect([...stored.keys()].some((url) => url.includes('render'))).toBe(false);
});

test('a server without networks is said', async () => {
  answers = {};
  await expect(load()).rejects.toThrow('404');
});
