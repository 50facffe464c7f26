/** A row of tiles on the stage: a leading tile (the present, or what happened) and K futures, in a grid. */
import { h } from '../ui/dom.ts';
import { colourOf, methodName } from '../ui/palette.ts';
import type { Layout } from './layout.ts';
import { Tile } from './tile.ts';
import { pictureOf, type View } from './timeline.ts';

export class TileRow {
  readonly grid = h('div', { class: 'tile-grid' });
  readonly lead: Tile;
  futures: Tile[] = [];
  #shownLead: View | null = null;
  #shownFutures: View | null = null;

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

  /**
   * Show a moment: the leading tile and the futures; null leaves them as they are. Returns whether anything was drawn: what
   * shows already is not drawn again.
   */
  render(lead: View | null, futures: View | null): boolean {
    const drawLead = lead !== null && !same(lead, this.#shownLead);
    const drawFutures = futures !== null && !same(futures, this.#shownFutures);
    if (drawLead) {
      this.lead.render(pictureOf(lead, 0));
      this.#shownLead = lead;
    }
    if (drawFutures) {
      this.futures.forEach((tile, i) => {
        tile.render(pictureOf(futures, i + 1));
      });
      this.#shownFutures = futures;
    }
    return drawLead || drawFutures;
  }

  clear(): void {
    this.lead.clear();
    this.clearFutures();
  }

  clearFutures(): void {
    for (const tile of this.futures) tile.clear();
    this.#redraw();
  }

  applyLayout(layout: Layout): void {
    this.grid.style.setProperty('--columns', String(layout.columns));
    this.grid.style.setProperty('--side', `${layout.side}px`);
    this.grid.style.setProperty('--span', String(layout.span));
    for (const tile of this.tiles) tile.measure();
    this.#redraw();
  }

  /** Draw the next moment even if it is the one that shows. */
  #redraw(): void {
    this.#shownLead = null;
    this.#shownFutures = null;
  }

  get tiles(): Tile[] {
    return [this.lead, ...this.futures];
  }
}

function same(a: View, b: View | null): boolean {
  return a.from === b?.from && a.to === b.to && a.part === b.part;
}
