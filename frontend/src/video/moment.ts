/** A frozen moment: the pictures before it, and those that really followed. */

export class Moment<T> {
  readonly truth: T[] = [];
  /** The motion was interrupted (another source, another portrait, a lost connection), so the rest will never be known. */
  lost = false;

  /**
   * @param known pictures before the moment, oldest first.
   * @param length number of pictures to collect after it.
   */
  constructor(
    readonly known: T[],
    readonly length: number,
  ) {}

  /** Add pictures that followed, or null for an interruption. Returns how many were added. */
  add(pictures: T[] | null): number {
    if (this.complete || this.lost) return 0;
    if (pictures === null) {
      this.lost = true;
      return 0;
    }
    const taken = pictures.slice(0, this.length - this.truth.length);
    this.truth.push(...taken);
    return taken.length;
  }

  get complete(): boolean {
    return this.truth.length === this.length;
  }
}
