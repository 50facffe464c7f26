/** A row of thumbnails of the bundled portraits. Tab enters the row, arrow keys move along it, Enter or Space chooses. */
import { type PortraitInfo, thumbnailPath } from '../net/api.ts';
import { h } from '../ui/dom.ts';

export class PortraitGallery {
  readonly element = h('div', {
    class: 'gallery',
    role: 'group',
    'aria-label': 'Example portraits',
    hidden: true,
  });
  readonly #choose: (name: string) => void;
  #buttons: HTMLButtonElement[] = [];

  constructor(choose: (name: string) => void) {
    this.#choose = choose;
    this.element.addEventListener('keydown', (event) => this.#moveFocus(event));
  }

  /** Fill the row. */
  list(portraits: PortraitInfo[]): void {
    this.#buttons = portraits.map(({ name, title }, i) => {
      const picture = h('img', { src: thumbnailPath(name), alt: '', width: 48, height: 48 });
      const button = h(
        'button',
        {
          type: 'button',
          title,
          'aria-label': title,
          'aria-pressed': 'false',
          'data-name': name,
          tabindex: i ? -1 : 0,
        },
        picture,
      );
      button.addEventListener('click', () => this.#choose(name));
      return button;
    });
    this.element.replaceChildren(...this.#buttons);
    this.element.hidden = portraits.length < 2;
  }

  /** Mark the portrait in use; null marks none. */
  mark(name: string | null): void {
    for (const button of this.#buttons) button.setAttribute('aria-pressed', String(button.dataset.name === name));
    const pressed = this.#buttons.find((button) => button.dataset.name === name);
    if (pressed && !this.element.contains(document.activeElement)) this.#setTabStop(pressed);
  }

  set disabled(disabled: boolean) {
    // Not the `disabled` attribute: a disabled button loses the focus.
    this.element.setAttribute('aria-disabled', String(disabled));
  }

  #setTabStop(button: HTMLButtonElement): void {
    for (const other of this.#buttons) other.tabIndex = other === button ? 0 : -1;
  }

  #moveFocus(event: KeyboardEvent): void {
    const at = this.#buttons.indexOf(document.activeElement as HTMLButtonElement);
    const last = this.#buttons.length - 1;
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: last }[event.key];
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    const next = this.#buttons[Math.min(Math.max(to, 0), last)];
    if (!next) return;
    this.#setTabStop(next);
    next.focus();
  }
}
