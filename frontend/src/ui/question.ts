/** A question with buttons that stands in the page and blocks nothing. */
import { h, setText } from './dom.ts';

export class Question {
  readonly element: HTMLElement;
  readonly #text = h('p');
  readonly #buttons = h('div', { class: 'buttons' });
  #answer: ((index: number | null) => void) | null = null;

  constructor() {
    this.element = h('div', { class: 'notice question', role: 'alert', hidden: true }, this.#text, this.#buttons);
  }

  get open(): boolean {
    return this.#answer !== null;
  }

  /** Ask, and return the index of the answer; null if the question was withdrawn, or another one asked instead. */
  ask(text: string, answers: string[]): Promise<number | null> {
    this.withdraw();
    setText(this.#text, text);
    this.#buttons.replaceChildren(
      ...answers.map((answer, index) => {
        const button = h('button', { type: 'button' }, answer);
        button.addEventListener('click', () => this.#close(index));
        return button;
      }),
    );
    this.element.hidden = false;
    return new Promise((resolve) => {
      this.#answer = resolve;
    });
  }

  /** Take the question back. */
  withdraw(): void {
    this.#close(null);
  }

  #close(index: number | null): void {
    const answer = this.#answer;
    this.#answer = null;
    this.element.hidden = true;
    answer?.(index);
  }
}
