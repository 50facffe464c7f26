/** Opens the networks where this browser can run them: on graphics hardware, or where the page's address forces it, anywhere. */
import runtimeUrl from 'onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm?url';
import { loadNetworkFiles } from './network-files.ts';
import { findPlace } from './network-place.ts';
import { Networks, startWorker } from './networks.ts';
import type { OpenNetworks } from './rendering.ts';

/** Return how to open the networks, or null where the page should not: see `findPlace`. */
export async function networksOpener(forced: boolean): Promise<OpenNetworks | null> {
  const place = await findPlace(forced);
  if (!place) return null;
  return async (onProgress) => {
    const files = await loadNetworkFiles(runtimeUrl, onProgress);
    return Networks.open(startWorker(), files, place.provider, place.batch);
  };
}
