/** One square picture of the stage with its caption, its colour, its share, and a small value in its corner (the chip). */
import { context2d } from '../ui/canvas.ts';
import { h, setText } from '../ui/dom.ts';
import type { Cell } from './clip.ts';
import { type Share, ShareView, shareText } from './share-view.ts';

export class Tile {
  readonly element: HTMLElement;
  readonly canvas = h('canvas', { width: 128, height: 128, role: 'img' });
  readonly #picture = h('div', { class: 'tile-picture' }, this.canvas);
  readonly #name = h('span', { class: 'tile-name' });
  readonly #note = h('span', { class: 'tile-note' });
  readonly #chip = h('span', { class: 'chip', hidden: true });
  readonly #shareView = new ShareView();
  readonly #context = context2d(this.canvas);
  #share: Share | null = null;
  #empty = true;

  constructor(name: string, colour: string | null) {
    const caption = h('figcaption', { class: 'tile-caption' }, this.#name, this.#note, this.#shareView.element);
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
    this.#describe();
  }

  /** The share shown in the caption; null shows none. */
  get share(): Share | null {
    return this.#share;
  }

  set share(share: Share | null) {
    this.#share = share;
    this.#shareView.show(share);
    this.#describe();
  }

  #describe(): void {
    const parts = [this.#name.textContent, this.#note.textContent, this.#share && shareText(this.#share)];
    this.canvas.setAttribute('aria-label', parts.filter((part) => part).join(', '));
  }

  /** Name, note and chip as one line. */
  get label(): string {
    const parts = [this.#name, this.#note, this.#chip].map((part) => part.textContent);
    return parts.filter((part) => part).join(' · ');
  }

  /** Show one cell of an image. */
  render({ image, x, y, side }: Cell): void {
    if (this.canvas.width !== side) {
      this.canvas.width = side;
      this.canvas.height = side;
    }
    this.#context.drawImage(image, x, y, side, side, 0, 0, side, side);
    if (this.#empty) this.element.classList.remove('empty');
    this.#empty = false;
  }

  clear(): void {
    this.#context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    this.element.classList.add('empty');
    this.#empty = true;
    this.share = null;
    this.setChip(null);
    this.setWinner(false);
  }

  get empty(): boolean {
    return this.#empty;
  }

  /** Show a small value in the picture's corner; null removes it. */
  setChip(text: string | null, title = ''): void {
    this.#chip.hidden = text === null;
    setText(this.#chip, text ?? '');
    this.#chip.title = title;
  }

  /** Mark the future that came closest. */
  setWinner(winner: boolean): void {
    this.element.classList.toggle('winner', winner);
  }
}
