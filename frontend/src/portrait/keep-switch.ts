/** The switch "Keep my picture here": whether the user's own pictures stay in this browser. */
import { h, setText } from '../ui/dom.ts';
import { loadValue, storeValue } from '../ui/storage.ts';

/** Whether this browser can draw without the server having the picture; null while that is being found out. */
export type Ability = { able: true } | { able: false; reason: string } | null;

const KEY = 'keepPicture';
const WAITING = 'Getting ready to draw in this browser. Pictures that you upload wait until then.';
const CHECKING = 'Not ready yet to draw in this browser. Until then, pictures that you upload are sent to the server.';
const HERE = 'Pictures that you upload stay in this browser. The server gets 478 points of the face.';
const THERE = 'Pictures that you upload are sent to the server.';

export class KeepSwitch {
  readonly element: HTMLElement;
  readonly #input = h('input', { type: 'checkbox', role: 'switch', 'aria-describedby': 'keep-note' });
  readonly #note = h('span', { id: 'keep-note', class: 'card-note' });
  /** What the user chose; null before the first choice: on, once this browser can draw alone. */
  #chosen: boolean | null;
  #ability: Ability = null;
  /** The portrait in use is kept here, whatever the switch would say of another one. */
  #inUse = false;
  #waiting: (() => void)[] = [];

  /** `changed` is called when the user turns the switch. */
  constructor(changed: (on: boolean) => void) {
    const stored = loadValue(KEY);
    this.#chosen = typeof stored === 'boolean' ? stored : null;
    this.element = h(
      'div',
      { class: 'keep' },
      h('label', {}, this.#input, h('span', {}, 'Keep my picture here')),
      this.#note,
    );
    this.#input.addEventListener('change', () => {
      const { checked } = this.#input;
      this.#chosen = checked;
      storeValue(KEY, checked);
      this.#update();
      changed(checked);
    });
    this.#update();
  }

  /** Take whether this browser can draw alone. */
  set ability(ability: Ability) {
    this.#ability = ability;
    this.#update();
  }

  /** Say whether the portrait in use is kept here. */
  set inUse(inUse: boolean) {
    this.#inUse = inUse;
    this.#update();
  }

  /** Turn the switch off until the next visit. */
  turnOff(): void {
    this.#chosen = false;
    this.#update();
  }

  /** Whether the next picture stays here, as far as it is known. */
  get on(): boolean {
    return this.#chosen !== false && this.#ability?.able === true;
  }

  /** Why a picture cannot stay here; null if it can, or if that is not known yet. */
  get obstacle(): string | null {
    return this.#ability?.able === false ? this.#ability.reason : null;
  }

  /** Return whether the next picture stays here; if the user chose that, once it is known. */
  async decided(): Promise<boolean> {
    while (this.#chosen && this.#ability === null) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return this.on;
  }

  #update(): void {
    const { obstacle } = this;
    this.#input.checked = this.#inUse || this.on || (this.#chosen === true && obstacle === null);
    this.#input.disabled = obstacle !== null && !this.#inUse;
    this.element.classList.toggle('inert', this.#input.disabled);
    let note = this.#input.checked ? HERE : THERE;
    if (obstacle !== null) note = `Not possible here: ${obstacle} ${this.#inUse ? '' : THERE}`.trim();
    else if (this.#ability === null && this.#chosen !== false) note = this.#chosen ? WAITING : CHECKING;
    setText(this.#note, note);
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
