/**
 * Renders the sheets of keypoints with the networks. It loads them once, checks them on a few frames, and gives up for good
 * when they fail or are too slow: the server then renders again.
 */
import type { SheetMessage } from '../net/connection.ts';
import type { Composer } from './composer.ts';
import { LayeredSheet } from './layered-sheet.ts';
import type { OnProgress } from './network-files.ts';
import type { Networks } from './networks.ts';
import type { Sheet } from './sheet.ts';

export type RenderingEvents = {
  /** Say in a few words how the networks do. */
  report(text: string): void;
  /** The networks render no longer, for a reason in a few words. */
  stopped(reason: string): void;
  /** A round's futures are missing: the server must send them again. */
  missing(): void;
};

/** Loads the networks and starts them. @throws Error if that fails. */
export type OpenNetworks = (onProgress: OnProgress) => Promise<Networks>;

/** A step of the clock; the networks may take a part of it, because the page has other work. */
const STEP_MS = 80;
const MAX_SHARE = 0.6;
const CHECK_RUNS = 3;
/** So many steps in a row that took longer than the clock's are too many. */
const MAX_LATE = 6;
const MEGABYTE = 1e6;
/** How browsers, WebAssembly and WebGPU say that there is no memory left. */
const NO_MEMORY = /alloc|out of memory|\boom\b|maximum memory size/i;

type Futures = { generation: number; paths: Float32Array; shape: readonly [number, number, number] };

export class Rendering {
  /** The check's result: milliseconds for all frames of a step; null before. */
  stepMs: number | null = null;
  #networks: Networks | null = null;
  #started = false;
  #stopped = false;
  #picture: ImageBitmap | null = null;
  /** What the networks have encoded. */
  #encoded: { picture: ImageBitmap; source: Float32Array } | null = null;
  #futures: Futures | null = null;
  #askedFor = -1;
  #late = 0;

  /**
   * @param events connects it with the page.
   * @param open see `OpenNetworks`.
   * @param forced render however slow it is.
   */
  constructor(
    private readonly events: RenderingEvents,
    private readonly open: OpenNetworks,
    private readonly forced = false,
  ) {}

  /** Whether it can render. */
  get ready(): boolean {
    return this.#networks !== null && this.stepMs !== null;
  }

  /** Take the portrait of all following frames; null takes it away. */
  setPicture(picture: ImageBitmap | null): void {
    this.#picture = picture;
    this.#futures = null;
  }

  /** Load and check the networks, once. Returns whether they are ready now and were not before. */
  async start(frames: number): Promise<boolean> {
    if (this.#started || !this.#picture) return false;
    this.#started = true;
    try {
      this.events.report('loading the networks');
      const networks = await this.open((loaded, total) => {
        if (this.#stopped) return;
        const of = total > 0 ? ` of ${Math.round(total / MEGABYTE)}` : '';
        this.events.report(`loading ${Math.round(loaded / MEGABYTE)}${of} MB`);
      });
      this.#networks = networks;
      networks.onLost = () => this.#stop('the graphics were lost');
      this.events.report('checking the networks');
      const stepMs = await this.#check(networks, frames);
      if (!this.forced && stepMs > MAX_SHARE * STEP_MS) throw new Error(`they need ${Math.round(stepMs)} ms a step`);
      // Lost in the meantime.
      if (!this.#networks) return false;
      this.stepMs = stepMs;
      this.events.report(`${Math.round(stepMs)} ms a step`);
      return true;
    } catch (error) {
      this.#stop(reasonOf(error));
      return false;
    }
  }

  /** Render a sheet of keypoints. Returns null if there is nothing to show: in a hidden page, or without networks. */
  async decode({ head, motion }: SheetMessage, composer: Composer): Promise<Sheet | null> {
    const [networks, picture] = [this.#networks, this.#picture];
    if (!motion) return null;
    if (motion.paths) this.#futures = { generation: head.generation, paths: motion.paths, shape: head.paths };
    if (!networks || !picture || document.hidden || !composer.usable) return null;
    const frames = this.#framesOf(head.generation, head.step, motion.present);
    const count = frames.length / motion.present.length;
    try {
      if (!this.#holds(picture, motion.source)) {
        this.#encoded = { picture, source: motion.source };
        await networks.setPortrait(picture, motion.source);
      }
      const began = performance.now();
      const layers = await networks.render(frames, count);
      this.#watch(performance.now() - began);
      if (picture !== this.#picture) return null;
      const mosaic = new ImageData(layers.mosaic, layers.width, layers.height);
      const textures = composer.upload(layers.flow, count, mosaic, layers.sizes, layers.columns);
      return textures && new LayeredSheet(composer, textures, layers, head.present);
    } catch (error) {
      this.#stop(reasonOf(error));
      return null;
    }
  }

  /** Return the keypoints `[F, 6N]` of the present, and of the futures at a step where it is known. */
  #framesOf(generation: number, step: number, present: Float32Array): Float32Array {
    if (step === 0) return present;
    const futures = this.#futures;
    if (futures?.generation !== generation) {
      if (this.#askedFor !== generation) this.events.missing();
      this.#askedFor = generation;
      return present;
    }
    const [k, h, size] = futures.shape;
    const frames = new Float32Array((k + 1) * size);
    frames.set(present);
    for (let i = 0; i < k; i++) {
      const at = (i * h + step - 1) * size;
      frames.set(futures.paths.subarray(at, at + size), (i + 1) * size);
    }
    return frames;
  }

  #holds(picture: ImageBitmap, source: Float32Array): boolean {
    const encoded = this.#encoded;
    return encoded?.picture === picture && encoded.source.every((value, i) => value === source[i]);
  }

  /** Render faces that do not move and faces that do, and return the milliseconds of a step. @throws Error if they are wrong. */
  async #check(networks: Networks, frames: number): Promise<number> {
    const picture = this.#picture;
    if (!picture) throw new Error('there is no portrait');
    const source = Float32Array.from({ length: 60 }, (_, i) => checkedNumber(i));
    await networks.setPortrait(picture, source);
    this.#encoded = null;
    const faces = new Float32Array(frames * source.length);
    for (let frame = 0; frame < frames; frame++) {
      faces.set(
        source.map((value, i) => (i % 6 < 2 ? value + 0.1 * frame : value)),
        frame * source.length,
      );
    }
    const times: number[] = [];
    for (let run = 0; run <= (this.forced ? 0 : CHECK_RUNS); run++) {
      const began = performance.now();
      const { fade } = await networks.render(faces, frames);
      times.push(performance.now() - began);
      // A face in its place is the portrait, a moved one is the networks'.
      const right = fade[0] === 0 && fade.every((value, i) => i === 0 || value === 1);
      if (!right) throw new Error('they compute wrongly here');
    }
    // The first run compiles.
    const timed = (times.length > 1 ? times.slice(1) : times).sort((a, b) => a - b);
    return timed[Math.floor(timed.length / 2)] ?? Number.POSITIVE_INFINITY;
  }

  #watch(ms: number): void {
    this.#late = ms > STEP_MS ? this.#late + 1 : 0;
    if (!this.forced && this.#late >= MAX_LATE) throw new Error(`they need ${Math.round(ms)} ms a step`);
  }

  #stop(reason: string): void {
    if (this.#stopped) return;
    this.#stopped = true;
    const networks = this.#networks;
    this.#networks = null;
    networks?.close();
    this.events.report(`networks stopped: ${reason}`);
    this.events.stopped(reason);
  }
}

/** Return in a few words why the networks stopped. */
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return NO_MEMORY.test(message) ? 'there is too little memory for them' : message;
}

/** Number `i` of ten flat keypoints on a diagonal, each with the identity as its Jacobian. */
function checkedNumber(i: number): number {
  const [keypoint, entry] = [Math.floor(i / 6), i % 6];
  if (entry < 2) return keypoint / 10 - 0.5;
  return entry === 2 || entry === 5 ? 1 : 0;
}
