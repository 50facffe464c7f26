/** A ring buffer of the last pictures of the present, one per tick of the forecast clock. */

/** Length of a tick. */
export const TICK_MS = 80;
/** If two pictures are this much further apart than their ticks, the motion was interrupted. */
const MAX_DELAY_MS = 400;
/** A longer gap, of two seconds, counts as an interruption; a shorter one is filled, because a busy computer skips pictures. */
const MAX_BRIDGED_TICKS = 25;

type Last<T> = { tick: number; t: number; picture: T };

export class FrameRing<T> {
  #slots: T[] = [];
  #last: Last<T> | null = null;

  constructor(readonly length: number) {}

  /**
   * Take the picture of a tick, captured at `t` ms.
   *
   * A tick without a picture gets the nearer of its neighbours, so that slots stay 80 ms apart. Returns the added slots,
   * oldest first, or null if the motion was interrupted and this picture is the first of a new one.
   */
  put(tick: number, t: number, picture: T): T[] | null {
    const last = this.#last;
    if (last && tick === last.tick) return [];
    const ticks = last ? tick - last.tick : 0;
    const broken =
      last !== null && (ticks < 0 || ticks > MAX_BRIDGED_TICKS || t - last.t > ticks * TICK_MS + MAX_DELAY_MS);
    if (broken) this.clear();
    this.#last = { tick, t, picture };
    const added: T[] = [];
    for (let missing = 1; last && !broken && missing < ticks; missing++) {
      added.push(missing <= ticks / 2 ? last.picture : picture);
    }
    added.push(picture);
    this.#slots = [...this.#slots, ...added].slice(-this.length);
    return broken ? null : added;
  }

  clear(): void {
    this.#slots = [];
    this.#last = null;
  }

  /** Slots filled so far, `length` at most. */
  get count(): number {
    return this.#slots.length;
  }

  /** Number of different pictures in the slots. */
  get distinct(): number {
    return new Set(this.#slots).size;
  }

  /** The pictures, oldest first. */
  get pictures(): T[] {
    return [...this.#slots];
  }
}
