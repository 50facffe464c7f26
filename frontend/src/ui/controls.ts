/** The card of forecast settings, built from the server's schema: a setting that the server adds appears by itself. */
import { defaultsOf, type Field, isActive, type NumberField, type Settings, sanitise } from '../net/schema.ts';
import { h, icon, setText } from './dom.ts';
import { methodName } from './palette.ts';
import { loadValue, storeValue } from './storage.ts';

const DEBOUNCE_MS = 150;
const KEY = 'settings';

/** A form control of one setting. */
export type Control = {
  field: Field;
  element: HTMLElement;
  show(value: string | number): void;
  enable(on: boolean): void;
};

export class Controls {
  readonly element: HTMLElement;
  readonly #advice = h('p', { class: 'notice', role: 'status', hidden: true });
  #settings: Settings;
  #controls: Control[];
  #timer: ReturnType<typeof setTimeout> | null = null;

  /** `changed` receives all settings 150 ms after the last change, so that dragging a slider sends one message. */
  constructor(
    private readonly fields: Field[],
    private readonly changed: (settings: Settings) => void,
  ) {
    this.#settings = sanitise(fields, loadValue(KEY));
    this.#controls = fields.map((field) => this.#make(field));
    const reset = h('button', { type: 'button', class: 'quiet' }, icon('M4 4v5h5M4.6 9a8 8 0 1 1-.5 4.5'), 'Defaults');
    reset.addEventListener('click', () => this.reset());
    this.element = h(
      'section',
      { class: 'card controls', 'aria-labelledby': 'controls-title' },
      h('header', {}, h('h2', { id: 'controls-title' }, 'Forecast'), reset),
      ...this.#controls.map((control) => control.element),
      this.#advice,
    );
    this.#show();
  }

  get settings(): Settings {
    return { ...this.#settings };
  }

  set(name: string, value: string | number): void {
    this.#settings = sanitise(this.fields, { ...this.#settings, [name]: value });
    this.#show();
    storeValue(KEY, this.#settings);
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.changed(this.settings), DEBOUNCE_MS);
  }

  /** Show advice below the controls; null hides it. */
  showAdvice(text: string | null): void {
    this.#advice.hidden = text === null;
    setText(this.#advice, text ?? '');
  }

  reset(): void {
    for (const [name, value] of Object.entries(defaultsOf(this.fields))) this.set(name, value);
  }

  /** Raise or lower a number by `by` steps, for keyboard shortcuts. */
  nudge(name: string, by: number): void {
    const field = this.fields.find((candidate) => candidate.name === name);
    if (field?.type !== 'number') return;
    const value = Number(this.#settings[name]) + by * field.step;
    this.set(name, Math.min(field.max, Math.max(field.min, value)));
  }

  #show(): void {
    for (const { field, show, enable } of this.#controls) {
      show(this.#settings[field.name] ?? field.default);
      enable(isActive(field, this.#settings));
    }
  }

  #make(field: Field): Control {
    const set = (value: string | number) => this.set(field.name, value);
    if (field.type === 'choice') {
      const { name, title, description, options } = field;
      const label = (option: string) => field.labels[option] ?? methodName(option);
      const { element, show } = choiceControl(name, title, description, options, set, label);
      return { field, element, show, enable: () => undefined };
    }
    return sliderControl(field, set);
  }
}

/** Make a control that chooses one of a few options, shown side by side. */
export function choiceControl(
  name: string,
  title: string,
  description: string,
  options: string[],
  set: (value: string) => void,
  label: (option: string) => string = methodName,
) {
  const inputs = options.map((option) => {
    const input = h('input', {
      type: 'radio',
      name: `setting-${name}`,
      value: option,
      id: `setting-${name}-${option}`,
    });
    input.addEventListener('change', () => set(option));
    return input;
  });
  const segments = inputs.map((input) => h('label', { for: input.id }, input, h('span', {}, label(input.value))));
  const element = h(
    'fieldset',
    { class: 'control choice', title: description, 'data-setting': name },
    h('legend', {}, title),
    h('div', { class: 'segments' }, ...segments),
  );
  const show = (value: string | number) => {
    for (const input of inputs) input.checked = input.value === value;
  };
  return { element, show };
}

/** Make a slider with label, value and description. */
export function sliderControl(field: NumberField, set: (value: number) => void): Control {
  const { min, max, step } = field;
  const id = `setting-${field.name}`;
  const help = h('span', { class: 'visually-hidden', id: `${id}-help` }, field.description);
  const input = h('input', { type: 'range', id, min, max, step, 'aria-describedby': help.id });
  const output = h('output', { for: id });
  input.addEventListener('input', () => set(Number(input.value)));
  const label = h('label', { for: id }, field.title);
  const row = h('div', { class: 'control-head' }, label, output);
  const element = h(
    'div',
    { class: 'control', title: field.description, 'data-setting': field.name },
    row,
    input,
    help,
  );
  const show = (value: string | number) => {
    input.value = String(value);
    input.style.setProperty('--part', String((Number(value) - min) / (max - min)));
    output.textContent = valueText(field, Number(value));
  };
  const enable = (on: boolean) => {
    input.disabled = !on;
    element.classList.toggle('inert', !on);
  };
  return { field, element, show, enable };
}

/** Format a value with as many decimals as its step, and its unit. */
export function valueText(field: NumberField, value: number): string {
  const decimals = field.integer ? 0 : Math.max(0, -Math.floor(Math.log10(field.step) + 1e-9));
  return `${value.toFixed(decimals)}${field.unit ? ` ${field.unit}` : ''}`;
}
