/** A position in time that moves evenly to where it is aimed. */

/** Length of a tick of the forecast clock. */
export const STEP_MS = 80;
/** A longer way is not played but skipped, in ticks. */
const MAX_WAY = 8;

export class Playhead {
  #from = 0;
  #to = Number.NaN;
  #since = 0;
  #duration = STEP_MS;

  /**
   * Move from the present position to another one.
   *
   * @param to in ticks.
   * @param now in ms.
   * @param duration until it is reached, in ms.
   */
  aim(to: number, now: number, duration: number): void {
    const at = this.at(now);
    this.#from = to >= at && to - at <= MAX_WAY ? at : to;
    [this.#to, this.#since, this.#duration] = [to, now, duration];
  }

  /** Forget the position: the next aim is reached at once. */
  clear(): void {
    this.#to = Number.NaN;
  }

  /** Return the position at a time; NaN before the first aim. */
  at(now: number): number {
    const part = Math.min(1, Math.max(0, (now - this.#since) / this.#duration));
    // Exact at the end, where a key lies.
    return part === 1 ? this.#to : this.#from + part * (this.#to - this.#from);
  }

  movesAt(now: number): boolean {
    return now - this.#since < this.#duration && this.#from !== this.#to;
  }
}
