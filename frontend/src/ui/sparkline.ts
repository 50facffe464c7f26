/** A small line chart of the last values in [0, 1]. */
import { context2d } from './canvas.ts';
import { h } from './dom.ts';

export class Sparkline {
  readonly element = h('canvas', { class: 'sparkline', 'aria-hidden': 'true' });
  readonly #context = context2d(this.element);
  readonly #values: number[] = [];

  constructor(private readonly length: number) {}

  push(value: number): void {
    this.#values.push(value);
    if (this.#values.length > this.length) this.#values.shift();
    this.#render();
  }

  clear(): void {
    this.#values.length = 0;
    this.#render();
  }

  #render(): void {
    const ratio = Math.min(2, devicePixelRatio);
    const width = Math.round(this.element.clientWidth * ratio);
    const height = Math.round(this.element.clientHeight * ratio);
    if (this.element.width !== width || this.element.height !== height) Object.assign(this.element, { width, height });
    const context = this.#context;
    context.clearRect(0, 0, width, height);
    if (this.#values.length < 2) return;
    const x = (i: number) => width - ((this.#values.length - 1 - i) * width) / (this.length - 1);
    const y = (value: number) => ratio + (1 - value) * (height - 2 * ratio);
    context.beginPath();
    this.#values.forEach((value, i) => {
      context.lineTo(x(i), y(value));
    });
    context.strokeStyle = getComputedStyle(this.element).color;
    context.lineWidth = 1.5 * ratio;
    context.lineJoin = 'round';
    context.stroke();
  }
}
