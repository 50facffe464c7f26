/** Shows a future's share: the part of all draws that is nearest to it, which estimates how probable it is. */
import { h, setText } from '../ui/dom.ts';

export type Share = { share: number; drawn: number };

/** Format a share in [0, 1] as whole per cent. */
export function sharePercent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

/** Return what a share says, as a sentence. */
export function shareText({ share, drawn }: Share): string {
  return `${sharePercent(share)} of ${drawn} drawn futures end nearest to this one`;
}

/** A number and a bar of that part of its width. */
export class ShareView {
  readonly #text = h('span');
  readonly #bar = h('i');
  readonly element = h(
    'span',
    { class: 'tile-share', hidden: true },
    h('span', { class: 'share-bar' }, this.#bar),
    this.#text,
  );

  /** Show a share; null hides it. */
  show(share: Share | null): void {
    this.element.hidden = share === null;
    setText(this.#text, share ? sharePercent(share.share) : '');
    this.element.title = share ? shareText(share) : '';
    this.#bar.style.setProperty('--part', String(share?.share ?? 0));
  }
}
