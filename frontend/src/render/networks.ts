/** The generator's networks in a worker of their own: the page's side of `networks-worker.ts`. */
import type { NetworkFiles } from './network-files.ts';
import type { RenderedLayers } from './network-layers.ts';
import type { Answer, Notice, Provider, Request } from './networks-worker.ts';

/** What a `Networks` needs of a worker. */
export interface NetworksWorker {
  postMessage(request: Request, transfer?: Transferable[]): void;
  terminate(): void;
  onmessage: ((event: MessageEvent<Answer | Notice>) => void) | null;
  onerror: ((event: ErrorEvent) => void) | null;
}

type Waiting = { resolve(layers: RenderedLayers | null): void; reject(error: Error): void };

export class Networks {
  /** Called once when the graphics are lost or the worker stops. */
  onLost: () => void = () => undefined;
  readonly #waiting: Waiting[] = [];
  #closed = false;

  private constructor(private readonly worker: NetworksWorker) {
    worker.onmessage = ({ data }) => {
      if (data.kind === 'lost') this.#lose('The graphics were lost.');
      else if (data.kind === 'done') this.#waiting.shift()?.resolve(data.layers);
      else this.#waiting.shift()?.reject(new Error(data.reason));
    };
    worker.onerror = (event) => this.#lose(event.message || 'The worker stopped.');
  }

  /**
   * Start a worker with the networks.
   *
   * @param worker a new one.
   * @param files what it runs.
   * @param provider where it runs them.
   * @param batch frames in one pass.
   * @throws Error if the files are damaged, or the memory or graphics do not suffice.
   */
  static async open(worker: NetworksWorker, files: NetworkFiles, provider: Provider, batch: number): Promise<Networks> {
    const networks = new Networks(worker);
    try {
      await networks.#ask({ kind: 'open', ...files, provider, batch }, Object.values(files));
    } catch (error) {
      networks.close();
      throw error;
    }
    return networks;
  }

  /** Take a portrait with its flat keypoints `[6N]` for the following frames. */
  async setPortrait(picture: ImageBitmap, source: Float32Array): Promise<void> {
    const copy = await createImageBitmap(picture);
    await this.#ask({ kind: 'portrait', picture: copy, source }, [copy]);
  }

  /** Render F frames at flat keypoints `[F, 6N]`. @throws Error if the networks fail. */
  async render(keypoints: Float32Array, frames: number): Promise<RenderedLayers> {
    const layers = await this.#ask({ kind: 'render', frames, keypoints });
    if (!layers) throw new Error('The networks returned nothing.');
    return layers;
  }

  close(): void {
    this.#closed = true;
    this.worker.terminate();
    for (const { reject } of this.#waiting.splice(0)) reject(new Error('The networks were closed.'));
  }

  #ask(request: Request, transfer: Transferable[] = []): Promise<RenderedLayers | null> {
    if (this.#closed) return Promise.reject(new Error('The networks are closed.'));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.worker.postMessage(request, transfer);
    });
  }

  #lose(reason: string): void {
    if (this.#closed) return;
    for (const { reject } of this.#waiting.splice(0)) reject(new Error(reason));
    this.close();
    this.onLost();
  }
}

/** Start the worker of this page. */
export function startWorker(): NetworksWorker {
  return new Worker(new URL('./networks-worker.ts', import.meta.url), { type: 'module' });
}
