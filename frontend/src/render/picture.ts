/** Square pictures that a tile can show, wherever their pixels come from. */

export interface Picture {
  /** Side in pixels to draw it with, for a tile that is `wanted` device pixels wide; 0 if its pixels are gone. */
  sideFor(wanted: number): number;
  /** Draw it as a square of `side` pixels. Returns false, and draws nothing, if its pixels are gone. */
  draw(context: CanvasRenderingContext2D, side: number): boolean;
}

/** A square of `side` pixels within an image: a tile shows it pixel for pixel. */
export class Cell implements Picture {
  constructor(
    readonly image: CanvasImageSource,
    readonly x: number,
    readonly y: number,
    readonly side: number,
  ) {}

  sideFor(): number {
    return this.side;
  }

  draw(context: CanvasRenderingContext2D, side: number): boolean {
    context.drawImage(this.image, this.x, this.y, this.side, this.side, 0, 0, side, side);
    return true;
  }
}
