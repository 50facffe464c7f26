/** The tiles of one message, as the stage shows them: it does not see whether they are pictures or layers. */
import { Cell, type Picture } from './picture.ts';

export interface Sheet {
  /** The present and K futures, or the present only. */
  readonly tiles: number;
  /** Index of the tile that shows the present. */
  readonly present: number;
  /** False when its pixels are gone, with the graphics that held them. */
  readonly usable: boolean;
  /** Return whether there are frames between this sheet and a later one. */
  canBlend(next: Sheet): boolean;
  picture(tile: number): Picture;
  /**
   * Return the frame between two steps; only if `canBlend`.
   *
   * @param tile of this sheet.
   * @param next the later sheet.
   * @param nextTile the tile of the later sheet.
   * @param part weight of the later sheet in [0, 1].
   */
  between(tile: number, next: Sheet, nextTile: number, part: number): Picture;
  /** Free its pixels. */
  close(): void;
}

/** Finished pictures: cells of one bitmap, row by row. */
export class BitmapSheet implements Sheet {
  readonly usable = true;

  /**
   * @param bitmap all tiles.
   * @param side of a tile in pixels.
   * @param columns tiles in a row.
   * @param tiles how many there are.
   * @param present index of the tile that shows the present.
   */
  constructor(
    readonly bitmap: ImageBitmap,
    private readonly side: number,
    private readonly columns: number,
    readonly tiles: number,
    readonly present: number,
  ) {}

  canBlend(): boolean {
    return false;
  }

  picture(tile: number): Picture {
    const { side, columns } = this;
    return new Cell(this.bitmap, (tile % columns) * side, Math.floor(tile / columns) * side, side);
  }

  between(tile: number): Picture {
    return this.picture(tile);
  }

  close(): void {
    this.bitmap.close();
  }
}
