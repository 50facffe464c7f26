/** A row of tiles on the stage: a leading tile (the present, or what happened) and K futures, in a grid. */
import { h } from '../ui/dom.ts';
import { colourOf, methodName } from '../ui/palette.ts';
import type { Layout } from './layout.ts';
import { type DecodedSheet, tileOf } from './round-store.ts';
import { Tile } from './tile.ts';

export class TileRow {
  readonly grid = h('div', { class: 'tile-grid' });
  readonly lead: Tile;
  futures: Tile[] = [];

  constructor(leadName: string) {
    this.lead = new Tile(leadName, null);
    this.lead.element.classList.add('lead');
    this.grid.append(this.lead.element);
  }

  /** Have one tile per method; existing tiles keep their picture. `named` shows the method's name in the caption. */
  populate(methods: string[], named = new Set(methods).size > 1): void {
    while (this.futures.length > methods.length) this.futures.pop()?.element.remove();
    while (this.futures.length < methods.length) {
      const tile = new Tile('', colourOf(this.futures.length));
      this.futures.push(tile);
      this.grid.append(tile.element);
    }
    this.futures.forEach((tile, i) => {
      tile.rename(`Future ${i + 1}`, named ? methodName(methods[i] ?? '') : '');
    });
  }

  /** Show which part of `drawn` draws is nearest to each future; without shares, nothing. */
  showShares(shares: readonly number[], drawn: number): void {
    this.futures.forEach((tile, i) => {
      const share = shares[i];
      tile.share = share === undefined ? null : { share, drawn };
    });
  }

  /** Show the leading tile and, if the sheet has them, the futures. */
  render(sheet: DecodedSheet): void {
    this.lead.render(tileOf(sheet, sheet.present));
    if (sheet.tiles < 2) return;
    this.futures.forEach((tile, i) => {
      if (i + 1 < sheet.tiles) tile.render(tileOf(sheet, i + 1));
    });
  }

  clear(): void {
    for (const tile of this.tiles) tile.clear();
  }

  applyLayout(layout: Layout): void {
    this.grid.style.setProperty('--columns', String(layout.columns));
    this.grid.style.setProperty('--side', `${layout.side}px`);
    this.grid.style.setProperty('--span', String(layout.span));
  }

  get tiles(): Tile[] {
    return [this.lead, ...this.futures];
  }
}
