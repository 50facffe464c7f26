/** One pair of the study: the clips of both sides, playing in a loop at the same time, and the buttons to judge them. */
import type { StudyChoice, StudyQuestion, StudyTrial } from '../net/study-api.ts';
import { type Clip, cellAt, cellsOf } from '../stage/clip.ts';
import { context2d } from '../ui/canvas.ts';
import { h, setText } from '../ui/dom.ts';
import { ClipPlayer } from '../video/clip-player.ts';
import { NOTES, QUESTIONS } from './study-text.ts';

/** Between the clips of a set, in their pixels. */
const GAP = 6;

export type PairImages = { left: ImageBitmap; right: ImageBitmap };

/** A square that shows one clip, or several in a square grid. */
class PairSide {
  readonly canvas = h('canvas', { role: 'img', width: 256, height: 256 });
  readonly element: HTMLElement;
  readonly #context = context2d(this.canvas);
  #clips: Clip[] = [];

  constructor(readonly name: string) {
    this.element = h('figure', { class: 'pair-side' }, this.canvas, h('figcaption', {}, name));
  }

  load(image: ImageBitmap, count: number, frames: number): void {
    const side = image.width / frames;
    this.#clips = Array.from({ length: count }, (_, row) => cellsOf(image, row, frames, side));
    const across = Math.ceil(Math.sqrt(count));
    this.canvas.width = this.canvas.height = across * side + (across - 1) * GAP;
    this.canvas.setAttribute('aria-label', `${this.name}: ${count === 1 ? 'a moving face' : `${count} moving faces`}`);
  }

  show(position: number): void {
    const across = Math.ceil(Math.sqrt(this.#clips.length));
    this.#clips.forEach((clip, i) => {
      const cell = cellAt(clip, position);
      if (!cell) return;
      const { image, x, y, side } = cell;
      const [column, row] = [i % across, Math.floor(i / across)];
      this.#context.drawImage(image, x, y, side, side, column * (side + GAP), row * (side + GAP), side, side);
    });
  }
}

export class PairView {
  readonly element: HTMLElement;
  readonly heading = h('h2', { tabindex: -1, class: 'study-question' });
  readonly #note = h('p', { class: 'study-note' });
  readonly #sides = { left: new PairSide('A'), right: new PairSide('B') };
  readonly #pair: HTMLElement;
  readonly #player = new ClipPlayer((position) => {
    this.#sides.left.show(position);
    this.#sides.right.show(position);
  });
  readonly #buttons: HTMLButtonElement[];
  #ready = false;

  constructor(private readonly choose: (choice: StudyChoice) => void) {
    const button = (choice: StudyChoice, label: string, key: string) => {
      const made = h(
        'button',
        { type: 'button', 'data-choice': choice },
        label,
        h('kbd', { 'aria-hidden': 'true' }, key),
      );
      made.addEventListener('click', () => this.judge(choice));
      return made;
    };
    this.#buttons = [button('left', 'A', '←'), button('none', 'No difference', 'Space'), button('right', 'B', '→')];
    this.#pair = h('div', { class: 'pair' }, this.#sides.left.element, this.#sides.right.element);
    this.element = h(
      'section',
      { class: 'pair-view' },
      this.heading,
      this.#note,
      this.#pair,
      h('div', { class: 'choices', role: 'group', 'aria-label': 'Your answer' }, ...this.#buttons),
      this.#player.element,
    );
    this.wait('realism');
  }

  /** Show the question; the clips are on their way, and keys and buttons do nothing. */
  wait(question: StudyQuestion): void {
    this.#setReady(false);
    this.#player.pause();
    setText(this.heading, QUESTIONS[question]);
    setText(this.#note, NOTES[question]);
  }

  /** Show a pair and play it. The focus moves to the question, so that no key presses the button of the last answer. */
  show(trial: StudyTrial, images: PairImages, frames: number, rate: number): void {
    this.wait(trial.question);
    this.#sides.left.load(images.left, trial.clips, frames);
    this.#sides.right.load(images.right, trial.clips, frames);
    this.#player.load(frames, 0, rate);
    this.#setReady(true);
    this.heading.focus({ preventScroll: true });
  }

  /** Answer once; further answers to the same pair are ignored. */
  judge(choice: StudyChoice): void {
    if (!this.#ready) return;
    this.#setReady(false);
    this.choose(choice);
  }

  /** Let the same pair be answered again, because the answer did not arrive. */
  retry(): void {
    this.#setReady(true);
  }

  #setReady(ready: boolean): void {
    this.#ready = ready;
    this.#pair.setAttribute('aria-busy', String(!ready));
    // Not `disabled`, which would lose the focus.
    for (const button of this.#buttons) button.setAttribute('aria-disabled', String(!ready));
  }
}
