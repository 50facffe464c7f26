/** The last few pictures of the present, one for every tick of the forecast clock. */

/** A tick lasts 80 ms. */
export const TICK_MS = 80;
/** A time between two pictures that is this much longer than their ticks say is a new beginning, not a slow machine. */
const BREAK_MS = 400;
/** More ticks without a picture are not bridged: two seconds, which a busy machine may well need for one. */
const BRIDGE = 25;

type Last<T> = { tick: number; t: number; picture: T };

export class FrameRing<T> {
  #slots: T[] = [];
  #last: Last<T> | null = null;

  constructor(readonly length: number) {}

  /**
   * Take the picture of a tick, captured at `t` ms.
   *
   * A tick that was not drawn gets the nearer of its neighbours, so that slots stay 80 ms apart. Returns the slots added,
   * oldest first; null where the picture belongs to a new motion: then it is the first of it.
   */
  put(tick: number, t: number, picture: T): T[] | null {
    const last = this.#last;
    if (last && tick === last.tick) return [];
    const ticks = last ? tick - last.tick : 0;
    const broken = last !== null && (ticks < 0 || ticks > BRIDGE || t - last.t > ticks * TICK_MS + BREAK_MS);
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

  /** Pictures that are really different ones, among the slots. */
  get distinct(): number {
    return new Set(this.#slots).size;
  }

  /** The pictures, oldest first. */
  get pictures(): T[] {
    return [...this.#slots];
  }
}
