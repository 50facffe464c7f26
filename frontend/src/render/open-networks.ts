/** Opens the networks where this browser can run them: on graphics hardware, or where the page's address forces it, anywhere. */
import runtimeUrl from 'onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm?url';
import { loadNetworkFiles } from './network-files.ts';
import { Networks, startWorker } from './networks.ts';
import type { Provider } from './networks-worker.ts';
import type { OpenNetworks } from './rendering.ts';

/** Frames in one pass on graphics hardware: the present and four futures. On the processor more would not be faster. */
const GPU_BATCH = 5;

type Adapter = { isFallbackAdapter?: boolean; info?: { isFallbackAdapter?: boolean; architecture?: string } };
type Gpu = { requestAdapter(options?: object): Promise<Adapter | null> };

/**
 * Return how to open the networks, or null where the page should not: without graphics hardware that WebGPU offers, or if the
 * visitor wants to save data.
 */
export async function networksOpener(forced: boolean): Promise<OpenNetworks | null> {
  const place = await findPlace(forced);
  const saving = (navigator as { connection?: { saveData?: boolean } }).connection?.saveData === true;
  if (!place || (saving && !forced)) return null;
  return async (onProgress) => {
    const files = await loadNetworkFiles(runtimeUrl, onProgress);
    return Networks.open(startWorker(), files, place.provider, place.batch);
  };
}

/** Return WebGPU where it runs on hardware; forced, WebGPU as it is, else WebAssembly. */
async function findPlace(forced: boolean): Promise<{ provider: Provider; batch: number } | null> {
  const { gpu } = navigator as { gpu?: Gpu };
  const adapter = await gpu?.requestAdapter({ powerPreference: 'high-performance' }).catch(() => null);
  if (!adapter) return forced ? { provider: 'wasm', batch: 1 } : null;
  const { isFallbackAdapter, architecture } = adapter.info ?? {};
  // A fallback adapter computes on the processor.
  const slow = adapter.isFallbackAdapter || isFallbackAdapter || architecture === 'swiftshader';
  if (slow) return forced ? { provider: 'webgpu', batch: 1 } : null;
  return { provider: 'webgpu', batch: GPU_BATCH };
}
