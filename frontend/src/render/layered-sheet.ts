/** A sheet of layers: every tile is composed when it is shown, at the tile's own size. */
import type { PackedLayers } from '../net/layers.ts';
import type { Composer, LayerFrame, LayerTextures } from './composer.ts';
import type { Picture } from './picture.ts';
import type { Sheet } from './sheet.ts';

export class LayeredSheet implements Sheet {
  /**
   * @param composer whose graphics hold the textures.
   * @param textures flow and mosaic of all tiles.
   * @param layers fade and placement of all tiles.
   * @param present index of the tile that shows the present.
   */
  constructor(
    private readonly composer: Composer,
    private readonly textures: LayerTextures,
    private readonly layers: Pick<PackedLayers, 'fade' | 'placement'>,
    readonly present: number,
  ) {}

  get tiles(): number {
    return this.layers.fade.length;
  }

  get usable(): boolean {
    return this.composer.holds(this.textures);
  }

  canBlend(next: Sheet): boolean {
    return next instanceof LayeredSheet && this.usable && next.usable;
  }

  picture(tile: number): Picture {
    return this.between(tile, this, tile, 0);
  }

  between(tile: number, next: Sheet, nextTile: number, part: number): Picture {
    const { composer } = this;
    const [from, to] = [this.#frame(tile), next instanceof LayeredSheet ? next.#frame(nextTile) : this.#frame(tile)];
    return {
      sideFor: (wanted) => (this.usable && next.usable ? Math.min(wanted, composer.side) : 0),
      draw: (context, side) => {
        if (!composer.compose(from, to, part, side)) return false;
        context.drawImage(composer.canvas, 0, 0, side, side, 0, 0, side, side);
        return true;
      },
    };
  }

  close(): void {
    this.composer.release(this.textures);
  }

  #frame(index: number): LayerFrame {
    const { fade, placement } = this.layers;
    const length = placement.length / fade.length;
    return {
      textures: this.textures,
      index,
      fade: fade[index] ?? 0,
      placement: placement.subarray(index * length, (index + 1) * length),
    };
  }
}
