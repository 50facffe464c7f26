import { afterEach, expect, test, vi } from 'vitest';
import { findPlace } from './network-place.ts';

const browser = (adapter?: object | null | Error, saveData = false) => {
  const requestAdapter = async () => {
    if (adapter instanceof Error) throw adapter;
    return adapter;
  };
  vi.stubGlobal('navigator', { gpu: adapter === undefined ? undefined : { requestAdapter }, connection: { saveData } });
};
afterEach(() => vi.unstubAllGlobals());

test.each([
  ['no WebGPU', undefined],
  ['WebGPU without an adapter', null],
  ['WebGPU that refuses', new Error('blocked')],
])('with %s the server renders; the address can force the processor', async (_, adapter) => {
  browser(adapter);
  expect(await findPlace(false)).toBeNull();
  expect(await findPlace(true)).toEqual({ provider: 'wasm', batch: 1 });
});

test.each([
  ['a fallback', { isFallbackAdapter: true }],
  ['a fallback by its information', { info: { isFallbackAdapter: true } }],
  ['software', { info: { architecture: 'swiftshader' } }],
])('an adapter that is %s is used only if the address forces it', async (_, adapter) => {
  browser(adapter);
  expect(await findPlace(false)).toBeNull();
  expect(await findPlace(true)).toEqual({ provider: 'webgpu', batch: 1 });
});

test('graphics hardware renders all frames of a step at once', async () => {
  browser({ info: { architecture: 'turing' } });
  expect(await findPlace(false)).toEqual({ provider: 'webgpu', batch: 5 });
});

test('a visitor who saves data loads no networks, unless the address forces it', async () => {
  browser({ info: {} }, true);
  expect(await findPlace(false)).toBeNull();
  expect(await findPlace(true)).toEqual({ provider: 'webgpu', batch: 5 });
});
