/** Decides where the networks run in this browser: with WebGPU on graphics hardware, and else only if the page must. */
import type { Provider } from './networks-worker.ts';

/** Frames in one pass on graphics hardware: the present and four futures. On the processor more would not be faster. */
const GPU_BATCH = 5;

type Adapter = { isFallbackAdapter?: boolean; info?: { isFallbackAdapter?: boolean; architecture?: string } };
type Surroundings = {
  gpu?: { requestAdapter(options?: object): Promise<Adapter | null> };
  connection?: { saveData?: boolean };
};

/** What runs the networks, and the number of frames in one pass. */
export type NetworkPlace = { provider: Provider; batch: number };

/**
 * Return WebGPU where it runs on hardware; `forced`, WebGPU as it is, else WebAssembly. Returns null where the networks
 * should not run: without such hardware, or if the visitor wants to save data.
 */
export async function findPlace(forced: boolean): Promise<NetworkPlace | null> {
  const { gpu, connection } = navigator as Surroundings;
  if (connection?.saveData === true && !forced) return null;
  const adapter = await gpu?.requestAdapter({ powerPreference: 'high-performance' }).catch(() => null);
  if (!adapter) return forced ? { provider: 'wasm', batch: 1 } : null;
  const { isFallbackAdapter, architecture } = adapter.info ?? {};
  // A fallback adapter computes on the processor.
  const slow = adapter.isFallbackAdapter || isFallbackAdapter || architecture === 'swiftshader';
  if (slow) return forced ? { provider: 'webgpu', batch: 1 } : null;
  return { provider: 'webgpu', batch: GPU_BATCH };
}
