/** Renders tile rows with headings and captions onto one canvas, for snapshots and recordings. */
import { context2d, toBlob } from '../ui/canvas.ts';
import { h } from '../ui/dom.ts';
import { colourOf } from '../ui/palette.ts';
import { type Share, sharePercent } from './share-view.ts';
import type { Tile } from './tile.ts';
import type { TileRow } from './tile-row.ts';

const SIDE = 200;
const GAP = 12;
const MARGIN = 28;
const HEADING_HEIGHT = 40;
const SHARE_BAR = 44;
const FONT = '"Inter Variable", system-ui, sans-serif';

export class StageRenderer {
  readonly canvas = h('canvas');
  readonly #context = context2d(this.canvas);

  /** `overlay` is drawn over the leading tile of the first row. */
  constructor(
    private readonly rows: { row: TileRow; heading: string }[],
    private readonly overlay: HTMLCanvasElement | null = null,
  ) {}

  /** Set the canvas size for the present number of tiles. A video keeps the size it started with. */
  resize(): void {
    const { width, height } = this.#layout();
    Object.assign(this.canvas, { width, height });
  }

  /** Return the columns and the size in pixels that the present number of tiles needs. */
  #layout(): { columns: number; width: number; height: number } {
    const columns = Math.max(...this.rows.map(({ row }) => Math.min(9, row.tiles.length)));
    const rows = this.rows.map(({ row }) => Math.ceil(row.tiles.length / columns));
    const width = 2 * MARGIN + columns * SIDE + (columns - 1) * GAP;
    const height = 2 * MARGIN + rows.reduce((sum, count) => sum + HEADING_HEIGHT + count * (SIDE + GAP), 0);
    return { columns, width, height };
  }

  /** Draw all rows; where there are more tiles than when the size was set, smaller. */
  render(): void {
    const { canvas } = this;
    const { columns, width, height } = this.#layout();
    const context = this.#context;
    const scale = Math.min(1, canvas.width / width, canvas.height / height);
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = '#0d0e13';
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.setTransform(scale, 0, 0, scale, 0, 0);
    let top = MARGIN;
    for (const { row, heading } of this.rows) {
      context.fillStyle = '#eceaf2';
      context.font = `600 17px ${FONT}`;
      context.fillText(heading, MARGIN, top + 18);
      top += HEADING_HEIGHT;
      row.tiles.forEach((tile, i) => {
        const x = MARGIN + (i % columns) * (SIDE + GAP);
        const y = top + Math.floor(i / columns) * (SIDE + GAP);
        this.#renderTile(tile, x, y, i === 0 ? null : colourOf(i - 1));
      });
      top += Math.ceil(row.tiles.length / columns) * (SIDE + GAP);
    }
  }

  #renderTile(tile: Tile, x: number, y: number, colour: string | null): void {
    const context = this.#context;
    context.fillStyle = '#181a22';
    context.fillRect(x, y, SIDE, SIDE);
    if (!tile.empty) context.drawImage(tile.canvas, x, y, SIDE, SIDE);
    const { overlay } = this;
    if (overlay && tile === this.rows[0]?.row.lead && overlay.width > 1) context.drawImage(overlay, x, y, SIDE, SIDE);
    context.strokeStyle = colour ?? '#4a4d5c';
    context.lineWidth = tile.element.classList.contains('winner') ? 5 : 2;
    context.strokeRect(x, y, SIDE, SIDE);
    const label = tile.label;
    context.font = `500 13px ${FONT}`;
    context.fillStyle = 'rgb(13 14 19 / 72%)';
    const width = Math.min(context.measureText(label).width, SIDE - 26);
    context.fillRect(x + 6, y + SIDE - 28, width + 14, 22);
    context.fillStyle = colour ?? '#eceaf2';
    context.fillText(label, x + 13, y + SIDE - 12, width);
    if (tile.share) this.#renderShare(tile.share, x + 6, y + 6, colour);
  }

  /** Draw a share as a bar and a number, as in the tile's caption. */
  #renderShare({ share }: Share, x: number, y: number, colour: string | null): void {
    const context = this.#context;
    const text = sharePercent(share);
    context.fillStyle = 'rgb(13 14 19 / 72%)';
    context.fillRect(x, y, SHARE_BAR + context.measureText(text).width + 20, 22);
    context.fillStyle = 'rgb(255 255 255 / 18%)';
    context.fillRect(x + 7, y + 9, SHARE_BAR, 4);
    context.fillStyle = colour ?? '#eceaf2';
    context.fillRect(x + 7, y + 9, SHARE_BAR * share, 4);
    context.fillText(text, x + SHARE_BAR + 13, y + 16);
  }

  /** Return the rows as a PNG file. */
  async png(): Promise<Blob> {
    this.resize();
    this.render();
    return toBlob(this.canvas);
  }
}
