/** One square picture of the stage with its caption, its colour, its share, and a small value in its corner (the chip). */
import type { Picture } from '../render/picture.ts';
import { shownContext2d } from '../ui/canvas.ts';
import { h, setText } from '../ui/dom.ts';
import { type Share, ShareView, shareText } from './share-view.ts';

/** Side in pixels of an empty tile. */
const SIDE = 128;

export class Tile {
  readonly element: HTMLElement;
  readonly canvas = h('canvas', { width: SIDE, height: SIDE, role: 'img' });
  readonly #picture = h('div', { class: 'tile-picture' }, this.canvas);
  readonly #name = h('span', { class: 'tile-name' });
  readonly #note = h('span', { class: 'tile-note' });
  readonly #chip = h('span', { class: 'chip', hidden: true });
  readonly #shareView = new ShareView();
  readonly #context = shownContext2d(this.canvas);
  #share: Share | null = null;
  #empty = true;
  /** Width on the screen in device pixels. */
  #wanted = SIDE;

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
    setShortenable(this.#name, name, ' ');
    setShortenable(this.#note, note, '-');
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

  /** Show a picture. Without one, or if its pixels are gone, the tile stays as it is. */
  render(picture: Picture | null): void {
    if (!picture) return;
    const side = picture.sideFor(this.#wanted);
    if (side === 0) return;
    if (this.canvas.width !== side) {
      this.canvas.width = side;
      this.canvas.height = side;
    }
    if (!picture.draw(this.#context, side) || !this.#empty) return;
    this.element.classList.remove('empty');
    this.#empty = false;
  }

  /** Note the tile's size on the screen, for pictures of any size. */
  measure(): void {
    const width = Math.round(this.canvas.clientWidth * devicePixelRatio);
    if (width > 0) this.#wanted = width;
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

/** Show a text; what stands before the last separator is left out in narrow captions, as in "1 SNF" for "Future 1 GRU-SNF". */
function setShortenable(element: HTMLElement, text: string, separator: string): void {
  if (element.textContent === text) return;
  const at = text.lastIndexOf(separator) + 1;
  const parts = at > 0 ? [h('span', { class: 'tile-long' }, text.slice(0, at)), text.slice(at)] : [text];
  element.replaceChildren(...parts.filter((part) => part !== ''));
}
