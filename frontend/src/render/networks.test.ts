import { beforeEach, expect, test, vi } from 'vitest';
import { Networks, type NetworksWorker } from './networks.ts';
import type { Answer, Notice, Request } from './networks-worker.ts';

const files = { encode: new ArrayBuffer(1), render: new ArrayBuffer(1), runtime: new ArrayBuffer(1) };
let worker: NetworksWorker & { asked: Request[]; ended: boolean };
const say = (data: Answer | Notice) => worker.onmessage?.({ data } as MessageEvent<Answer | Notice>);

beforeEach(() => {
  worker = {
    asked: [],
    ended: false,
    onmessage: null,
    onerror: null,
    postMessage: (request) => worker.asked.push(request),
    terminate: () => {
      worker.ended = true;
    },
  };
});

async function opened(): Promise<Networks> {
  const opening = Networks.open(worker, files, 'webgpu', 5);
  say({ kind: 'done', layers: null });
  return opening;
}

test('answers come in the order of the requests', async () => {
  const networks = await opened();
  expect(worker.asked[0]).toMatchObject({ kind: 'open', provider: 'webgpu', batch: 5 });
  const both = [networks.render(new Float32Array(6), 1), networks.render(new Float32Array(6), 1)];
  say({ kind: 'failed', reason: 'out of memory' });
  say({ kind: 'done', layers: { width: 3 } as never });
  await expect(both[0]).rejects.toThrow('out of memory');
  await expect(both[1]).resolves.toEqual({ width: 3 });
});

test('a worker that cannot open the files is ended', async () => {
  const opening = Networks.open(worker, files, 'wasm', 1);
  say({ kind: 'failed', reason: 'damaged' });
  await expect(opening).rejects.toThrow('damaged');
  expect(worker.ended).toBe(true);
});

test.each([
  ['lost graphics', () => say({ kind: 'lost' })],
  ['a worker that stops', () => worker.onerror?.({ message: 'stopped' } as ErrorEvent)],
])('%s fail what is waiting and are said once', async (_, lose) => {
  const networks = await opened();
  networks.onLost = vi.fn();
  const waiting = networks.render(new Float32Array(6), 1);
  lose();
  lose();
  await expect(waiting).rejects.toThrow();
  await expect(networks.render(new Float32Array(6), 1)).rejects.toThrow('closed');
  expect(networks.onLost).toHaveBeenCalledOnce();
});
