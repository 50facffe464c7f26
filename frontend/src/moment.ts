/** A frozen moment: the pictures that led to it, and those that really followed. */

export class Moment<T> {
  readonly truth: T[] = [];
  /** The motion broke off (another source, another portrait, a lost connection): what happened will never be seen. */
  lost = false;

  /**
   * @param known what led to it, oldest first.
   * @param length pictures that are to follow.
   */
  constructor(
    readonly known: T[],
    readonly length: number,
  ) {}

  /** Take pictures that followed, or null for a break. Returns how many of them belong to the moment. */
  see(pictures: T[] | null): number {
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
