/**
 * Pictures of the two generations that are on the stage: the one that plays, and the one that has just come due.
 *
 * A sheet at step s holds the futures at step s and the present at that very moment, so the same bitmap is also the
 * truth of step s. The store owns every bitmap given to it and closes it when it is no longer needed.
 */
import type { SheetHead, Verdict } from './protocol.ts';

/** A decoded sheet: tiles row-major in `columns` columns of `tile` pixels, the present at index `present`. */
export type Frame = { bitmap: ImageBitmap; tile: number; columns: number; present: number; tiles: number };

export type Generation = {
  number: number;
  methods: string[];
  horizon: number;
  /** By step, 1..H; with a stride above 1 some are absent. */
  frames: Map<number, Frame>;
  verdict: Verdict | null;
};

export class GenerationStore {
  current: Generation | null = null;
  /** Played to its end, but not judged yet: one that the server gave up never is. */
  pending: Generation | null = null;
  /** The generation whose truth is known and measured; it stays while `frozen`. */
  finished: Generation | null = null;
  frozen = false;
  /** The newest sheet with a picture, whatever its step. */
  latest: Frame | null = null;
  readonly counts = { finished: 0, judged: 0, beatCopyLast: 0 };

  /** Take a sheet and its picture (null for a fan-only sheet). Returns whether there is another finished generation. */
  add(head: SheetHead, bitmap: ImageBitmap | null): boolean {
    if (head.generation !== this.current?.number && head.fan[0] > 0) {
      release(this.pending, this.latest);
      this.pending = this.current;
      this.current = {
        number: head.generation,
        methods: head.methods,
        horizon: head.horizon,
        frames: new Map(),
        verdict: null,
      };
    }
    if (bitmap) this.#keep(head, bitmap);
    return head.verdict ? this.#judge(head.verdict) : false;
  }

  /** Forget what plays (the stream began anew); with `all`, the finished generation too (another portrait). */
  reset(all: boolean): void {
    for (const generation of [this.current, this.pending]) release(generation);
    this.current = null;
    this.pending = null;
    if (this.latest && !this.#held(this.latest)) this.latest.bitmap.close();
    this.latest = null;
    if (!all) return;
    release(this.finished);
    this.finished = null;
  }

  #keep(head: SheetHead, bitmap: ImageBitmap): void {
    const frame = { bitmap, tile: head.tile, columns: head.columns, present: head.present, tiles: head.tiles };
    const previous = this.latest;
    this.latest = frame;
    if (head.step > 0 && head.tiles > 1 && this.current) {
      this.current.frames.get(head.step)?.bitmap.close();
      this.current.frames.set(head.step, frame);
    }
    if (previous && !this.#held(previous)) previous.bitmap.close();
  }

  #judge(verdict: Verdict): boolean {
    this.counts.judged++;
    if ((verdict.errors[verdict.best] ?? Number.POSITIVE_INFINITY) < verdict.copy_last) this.counts.beatCopyLast++;
    const judged = this.pending;
    if (judged?.number !== verdict.generation || judged.frames.size < 2 || this.frozen) return false;
    release(this.finished, this.latest);
    this.pending = null;
    this.finished = { ...judged, verdict };
    this.counts.finished++;
    return true;
  }

  #held(frame: Frame): boolean {
    return [this.current, this.pending, this.finished].some((generation) =>
      [...(generation?.frames.values() ?? [])].includes(frame),
    );
  }
}

function release(generation: Generation | null, except: Frame | null = null): void {
  for (const frame of generation?.frames.values() ?? []) {
    if (frame !== except) frame.bitmap.close();
  }
}

/** The frame to show at a step: that step's, or the nearest earlier one, or the first there is. */
export function frameAt(generation: Generation, step: number): Frame | null {
  let best: number | null = null;
  let first: number | null = null;
  for (const candidate of generation.frames.keys()) {
    if (first === null || candidate < first) first = candidate;
    if (candidate <= step && (best === null || candidate > best)) best = candidate;
  }
  const key = best ?? first;
  return key === null ? null : (generation.frames.get(key) ?? null);
}
