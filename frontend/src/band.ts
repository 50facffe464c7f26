/** A row of the stage: one leading tile (the present, or the truth) and K futures, in a grid that fits the space. */
import { h } from './dom.ts';
import type { Frame } from './generation-store.ts';
import type { Layout } from './layout.ts';
import { colourOf, methodName } from './palette.ts';
import { Tile } from './tile.ts';

export class Band {
  readonly grid = h('div', { class: 'band-grid' });
  readonly lead: Tile;
  futures: Tile[] = [];

  constructor(leadName: string) {
    this.lead = new Tile(leadName, null);
    this.lead.element.classList.add('lead');
    this.grid.append(this.lead.element);
  }

  /** Have one tile per method given; tiles that stay keep their picture. The method is named where tiles differ in it. */
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

  /** Draw the leading tile and, where the frame has them, the futures. */
  draw(frame: Frame): void {
    this.lead.draw(frame, frame.present);
    if (frame.tiles < 2) return;
    this.futures.forEach((tile, i) => {
      if (i + 1 < frame.tiles) tile.draw(frame, i + 1);
    });
  }

  clear(): void {
    for (const tile of this.tiles) tile.clear();
  }

  place(layout: Layout): void {
    this.grid.style.setProperty('--columns', String(layout.columns));
    this.grid.style.setProperty('--side', `${layout.side}px`);
    this.grid.style.setProperty('--span', String(layout.span));
  }

  get tiles(): Tile[] {
    return [this.lead, ...this.futures];
  }
}
