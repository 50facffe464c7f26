/** The pictures of a frozen moment as a clip that can be shown, sent, and extended while the motion goes on. */
import { type Clip, cellsOf, joinFrames } from '../stage/clip.ts';
import { gridCanvas } from '../ui/canvas.ts';
import type { Moment } from './moment.ts';

export class MomentClip {
  /** The known pictures side by side, oldest first. */
  readonly known: HTMLCanvasElement;
  readonly #followed: CanvasRenderingContext2D;

  /** `side` is the pictures' size in pixels. */
  constructor(
    readonly moment: Moment<ImageData>,
    side: number,
  ) {
    this.known = joinFrames(moment.known);
    this.#followed = gridCanvas(moment.length, 1, side);
  }

  /** Add pictures that followed, or null for an interruption. */
  add(pictures: ImageData[] | null): void {
    const before = this.moment.truth.length;
    const added = this.moment.add(pictures);
    for (let i = before; i < before + added; i++) {
      const picture = this.moment.truth[i];
      if (picture) this.#followed.putImageData(picture, i * picture.width, 0);
    }
  }

  get knownClip(): Clip {
    return cellsOf(this.known, 0, this.moment.known.length, this.known.height);
  }

  /** The known pictures, then those that followed so far. */
  get wholeClip(): Clip {
    return [...this.knownClip, ...cellsOf(this.#followed.canvas, 0, this.moment.truth.length, this.known.height)];
  }
}
