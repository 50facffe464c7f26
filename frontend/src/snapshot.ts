/** The stage as one picture: for the PNG, and frame by frame for the video. */
import type { Band } from './band.ts';
import { context2d, h } from './dom.ts';
import { colourOf } from './palette.ts';
import { blobOf } from './pictures.ts';
import type { Tile } from './tile.ts';

const SIDE = 200;
const GAP = 12;
const MARGIN = 28;
const HEADING = 40;
const FONT = '"Inter Variable", system-ui, sans-serif';

/** Paints both bands with their captions onto a canvas of its own. */
export class StagePainter {
  readonly canvas = h('canvas');
  readonly #context = context2d(this.canvas);

  constructor(
    private readonly bands: { band: Band; heading: string }[],
    private readonly overlay: HTMLCanvasElement | null = null,
  ) {}

  /** Set the size for the tiles there are now; a video keeps the size it began with. */
  fit(): void {
    const columns = Math.max(...this.bands.map(({ band }) => Math.min(9, band.tiles.length)));
    const rows = this.bands.map(({ band }) => Math.ceil(band.tiles.length / columns));
    this.canvas.width = 2 * MARGIN + columns * SIDE + (columns - 1) * GAP;
    this.canvas.height = 2 * MARGIN + rows.reduce((sum, count) => sum + HEADING + count * (SIDE + GAP), 0);
  }

  paint(): void {
    const { width, height } = this.canvas;
    const context = this.#context;
    context.fillStyle = '#0d0e13';
    context.fillRect(0, 0, width, height);
    const columns = Math.max(1, Math.floor((width - 2 * MARGIN + GAP) / (SIDE + GAP)));
    let top = MARGIN;
    for (const { band, heading } of this.bands) {
      context.fillStyle = '#eceaf2';
      context.font = `600 17px ${FONT}`;
      context.fillText(heading, MARGIN, top + 18);
      top += HEADING;
      band.tiles.forEach((tile, i) => {
        const x = MARGIN + (i % columns) * (SIDE + GAP);
        const y = top + Math.floor(i / columns) * (SIDE + GAP);
        this.#tile(tile, x, y, i === 0 ? null : colourOf(i - 1));
      });
      top += Math.ceil(band.tiles.length / columns) * (SIDE + GAP);
    }
  }

  #tile(tile: Tile, x: number, y: number, colour: string | null): void {
    const context = this.#context;
    context.fillStyle = '#181a22';
    context.fillRect(x, y, SIDE, SIDE);
    if (!tile.empty) context.drawImage(tile.canvas, x, y, SIDE, SIDE);
    const { overlay } = this;
    if (overlay && tile === this.bands[0]?.band.lead && overlay.width > 1) context.drawImage(overlay, x, y, SIDE, SIDE);
    context.strokeStyle = colour ?? '#4a4d5c';
    context.lineWidth = tile.element.classList.contains('winner') ? 5 : 2;
    context.strokeRect(x, y, SIDE, SIDE);
    const label = tile.label;
    context.font = `500 13px ${FONT}`;
    context.fillStyle = 'rgb(13 14 19 / 72%)';
    context.fillRect(x + 6, y + SIDE - 28, context.measureText(label).width + 14, 22);
    context.fillStyle = colour ?? '#eceaf2';
    context.fillText(label, x + 13, y + SIDE - 12);
  }

  async png(): Promise<Blob> {
    this.fit();
    this.paint();
    return blobOf(this.canvas);
  }
}

/** `motionfan-2025-01-31-10-20-30.png` */
export function fileName(extension: string, date: Date = new Date()): string {
  return `motionfan-${date.toISOString().slice(0, 19).replace(/[T:]/g, '-')}.${extension}`;
}
