/** Words of a caption as chips, of which a few can be chosen. */
import { h, setText } from './dom.ts';

export class CaptionChips {
  readonly element: HTMLFieldSetElement;
  readonly #row = h('div', { class: 'chips' });
  readonly #count = h('span', { class: 'chips-count' });
  #inputs: HTMLInputElement[] = [];

  constructor(
    legend: string,
    private readonly most: number,
  ) {
    this.element = h('fieldset', { class: 'control' }, h('legend', {}, legend, ' ', this.#count), this.#row);
    this.#limit();
  }

  list(words: string[]): void {
    this.#inputs = words.map((word) => {
      const input = h('input', { type: 'checkbox', value: word });
      input.addEventListener('change', () => this.#limit());
      return input;
    });
    this.#row.replaceChildren(...this.#inputs.map((input) => h('label', {}, input, h('span', {}, input.value))));
    this.#limit();
  }

  /** The words chosen, in the order of the chips. */
  get chosen(): string[] {
    return this.#inputs.filter((input) => input.checked).map((input) => input.value);
  }

  #limit(): void {
    const { length } = this.chosen;
    for (const input of this.#inputs) input.disabled = !input.checked && length >= this.most;
    setText(this.#count, length > 0 ? `${length} of ${this.most}` : `up to ${this.most}`);
  }
}
