/** The phrases that a caption can consist of, as chips of which up to `max` can be chosen. */
import { h, setText } from '../ui/dom.ts';

export class CaptionChips {
  readonly element: HTMLFieldSetElement;
  readonly #row = h('div', { class: 'chips' });
  readonly #count = h('span', { class: 'chips-count' });
  #inputs: HTMLInputElement[] = [];

  constructor(
    legend: string,
    private readonly max: number,
  ) {
    this.element = h('fieldset', { class: 'control' }, h('legend', {}, legend, ' ', this.#count), this.#row);
    this.#applyLimit();
  }

  /** Offer these phrases. */
  list(phrases: string[]): void {
    this.#inputs = phrases.map((phrase) => {
      const input = h('input', { type: 'checkbox', value: phrase });
      input.addEventListener('change', () => this.#applyLimit());
      return input;
    });
    this.#row.replaceChildren(...this.#inputs.map((input) => h('label', {}, input, h('span', {}, input.value))));
    this.#applyLimit();
  }

  /** The chosen phrases, in the order of the chips. */
  get chosen(): string[] {
    return this.#inputs.filter((input) => input.checked).map((input) => input.value);
  }

  #applyLimit(): void {
    const { length } = this.chosen;
    for (const input of this.#inputs) input.disabled = !input.checked && length >= this.max;
    setText(this.#count, length > 0 ? `${length} of ${this.max}` : `up to ${this.max}`);
  }
}
