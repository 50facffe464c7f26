/** One square picture of the stage with its caption, colour and chip. */
import type { Cell } from './clip.ts';
import { context2d, h, setText } from './dom.ts';
import type { Frame } from './generation-store.ts';

export class Tile {
  readonly element: HTMLElement;
  readonly canvas = h('canvas', { width: 128, height: 128, role: 'img' });
  readonly #picture = h('div', { class: 'tile-picture' }, this.canvas);
  readonly #name = h('span', { class: 'tile-name' });
  readonly #note = h('span', { class: 'tile-note' });
  readonly #chip = h('span', { class: 'chip', hidden: true });
  readonly #context = context2d(this.canvas);
  #empty = true;

  constructor(name: string, colour: string | null) {
    const caption = h('figcaption', { class: 'tile-caption' }, this.#name, this.#note);
    this.#picture.append(this.#chip);
    this.element = h('figure', { class: 'tile' }, this.#picture, caption);
    this.element.classList.add('empty');
    if (colour) this.element.style.setProperty('--tile', colour);
    this.rename(name, '');
  }

  get picture(): HTMLElement {
    return this.#picture;
  }

  rename(name: string, note: string): void {
    setText(this.#name, name);
    setText(this.#note, note);
    this.canvas.setAttribute('aria-label', `${name}${note ? `, ${note}` : ''}`);
  }

  /** Name, note and chip in one line. */
  get label(): string {
    const parts = [this.#name, this.#note, this.#chip].map((part) => part.textContent);
    return parts.filter((part) => part).join(' · ');
  }

  /** Draw tile `index` of a sheet. */
  draw(frame: Frame, index: number): void {
    const { bitmap, tile, columns } = frame;
    this.paint({ sheet: bitmap, x: (index % columns) * tile, y: Math.floor(index / columns) * tile, side: tile });
  }

  /** Draw one cell of whatever picture holds it. */
  paint({ sheet, x, y, side }: Cell): void {
    if (this.canvas.width !== side) {
      this.canvas.width = side;
      this.canvas.height = side;
    }
    this.#context.drawImage(sheet, x, y, side, side, 0, 0, side, side);
    if (this.#empty) this.element.classList.remove('empty');
    this.#empty = false;
  }

  clear(): void {
    this.#context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    this.element.classList.add('empty');
    this.#empty = true;
    this.chip(null);
    this.mark(false);
  }

  get empty(): boolean {
    return this.#empty;
  }

  /** A small figure in the picture's corner; null takes it away. */
  chip(text: string | null, title = ''): void {
    this.#chip.hidden = text === null;
    setText(this.#chip, text ?? '');
    this.#chip.title = title;
  }

  /** Mark the future that came nearest. */
  mark(winner: boolean): void {
    this.element.classList.toggle('winner', winner);
  }
}
