/**
 * Loads what the page needs to render by itself: the networks and the runtime that runs them, all from our server. The browser
 * keeps them by hash, so a later visit loads nothing.
 */
import { getNetworks, request } from '../net/api.ts';

export type NetworkFiles = { encode: ArrayBuffer; render: ArrayBuffer; runtime: ArrayBuffer };

/** Progress in bytes; `total` is 0 until it is known. */
export type OnProgress = (loaded: number, total: number) => void;

const CACHE = 'motionfan-networks';

/** Load all files; `runtimeUrl` is where the page's build put the runtime. @throws Error or ApiError if one is missing or damaged. */
export async function loadNetworkFiles(runtimeUrl: string, onProgress: OnProgress): Promise<NetworkFiles> {
  const index = await getNetworks();
  const urls = [index.encode.url, index.render.url, runtimeUrl];
  const cache = await openCache();
  await forgetOthers(cache, urls);
  const progress = urls.map(() => ({ loaded: 0, total: 0 }));
  const load = async (url: string, slot: number, sha256: string | null): Promise<ArrayBuffer> => {
    const data = await fetchKept(cache, url, (loaded, total) => {
      progress[slot] = { loaded, total };
      const known = progress.every((each) => each.total > 0);
      const sum = (of: 'loaded' | 'total') => progress.reduce((all, each) => all + each[of], 0);
      onProgress(sum('loaded'), known ? sum('total') : 0);
    });
    if (sha256 === null || (await hashOf(data)) === sha256) return data;
    await cache?.delete(url);
    throw new Error('A file of the networks is damaged.');
  };
  const [encode, render, runtime] = await Promise.all([
    load(index.encode.url, 0, index.encode.sha256),
    load(index.render.url, 1, index.render.sha256),
    // The build puts the hash of the runtime into its address.
    load(runtimeUrl, 2, null),
  ]);
  return { encode, render, runtime };
}

/** Open the cache; null where the browser has none, as in private windows and on pages without TLS. */
async function openCache(): Promise<Cache | null> {
  return 'caches' in globalThis ? caches.open(CACHE).catch(() => null) : null;
}

/** Delete files of earlier versions. */
async function forgetOthers(cache: Cache | null, urls: string[]): Promise<void> {
  const kept = new Set(urls.map((url) => new URL(url, location.href).href));
  for (const { url } of (await cache?.keys()) ?? []) if (!kept.has(url)) await cache?.delete(url);
}

async function fetchKept(cache: Cache | null, url: string, onProgress: OnProgress): Promise<ArrayBuffer> {
  const found = await cache?.match(url);
  if (found) {
    const data = await found.arrayBuffer();
    onProgress(data.byteLength, data.byteLength);
    return data;
  }
  const response = await request(url);
  const data = await readWithProgress(response, onProgress);
  // Without room it loads again at the next visit.
  await cache?.put(url, new Response(data.slice(0))).catch(() => undefined);
  return data;
}

async function readWithProgress(response: Response, onProgress: OnProgress): Promise<ArrayBuffer> {
  const total = Number(response.headers.get('content-length') ?? 0);
  if (!response.body) return response.arrayBuffer();
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let loaded = 0;
  for (const reader = response.body.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    loaded += value.byteLength;
    onProgress(loaded, total);
  }
  return new Blob(parts).arrayBuffer();
}

async function hashOf(data: ArrayBuffer): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', data));
  return [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
