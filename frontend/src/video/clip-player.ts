/** The player of a clip panel: play in a loop, pause, or move the slider; a mark shows where the generated part starts. */
import { h, icon, setText } from '../ui/dom.ts';

/** The last frame stays this long before the loop starts again. */
const PAUSE_MS = 480;

export class ClipPlayer {
  readonly element: HTMLElement;
  readonly #toggle = h('button', { type: 'button', class: 'quiet' });
  readonly #slider = h('input', { type: 'range', min: 0, step: 1, value: 0, 'aria-label': 'Time of the clips' });
  readonly #time = h('span', { class: 'clip-time', 'aria-hidden': 'true' });
  readonly #marks = h('div', { class: 'clip-marks', 'aria-hidden': 'true' });
  readonly #reducedMotion = matchMedia('(prefers-reduced-motion: reduce)');
  #userPlayed = false;
  #length = 0;
  #known = 0;
  #rate = 12.5;
  #position = -1;
  #start = 0;
  #playing = false;
  #ended: (() => void)[] = [];

  /** `show` receives the position to show, from 0 to length - 1. */
  constructor(private readonly show: (position: number) => void) {
    this.#toggle.addEventListener('click', () => {
      this.#userPlayed = true;
      if (this.#playing) this.pause();
      else this.play();
    });
    this.#slider.addEventListener('input', () => {
      this.pause();
      this.#seek(Number(this.#slider.value));
    });
    const track = h('div', { class: 'clip-track' }, this.#slider, this.#marks);
    this.element = h('div', { class: 'clip-line' }, this.#toggle, track, this.#time);
    this.#setPlaying(false);
  }

  /**
   * Load clips of `length` frames, the first `known` of them not generated, and play them. With reduced motion preferred,
   * show the last frame until the user presses Play.
   */
  load(length: number, known: number, rate: number): void {
    [this.#length, this.#known, this.#rate] = [length, known, rate];
    this.#position = -1;
    this.element.hidden = length < 2;
    this.#slider.max = String(Math.max(1, length - 1));
    this.#updateMarks();
    if (this.#reducedMotion.matches && !this.#userPlayed) {
      this.pause();
      this.#seek(length - 1);
    } else this.play();
  }

  /** Play from the present position, or from the start if that is the end. */
  play(): void {
    const from = this.#position >= this.#length - 1 ? 0 : Math.max(0, this.#position);
    this.#start = performance.now() - (from * 1000) / this.#rate;
    this.#seek(from);
    if (this.#playing) return;
    this.#setPlaying(true);
    requestAnimationFrame((time) => this.#tick(time));
  }

  /** Play once from the first frame; resolves after the last one. */
  playThrough(): Promise<void> {
    this.#position = -1;
    this.play();
    return new Promise((resolve) => this.#ended.push(resolve));
  }

  pause(): void {
    this.#setPlaying(false);
    this.#resolveEnded();
  }

  /** Show the present position again, because the clips have changed. */
  refresh(): void {
    if (this.#position >= 0) this.show(this.#position);
  }

  get playing(): boolean {
    return this.#playing;
  }

  #tick(time: number): void {
    if (!this.#playing) return;
    requestAnimationFrame((next) => this.#tick(next));
    const step = 1000 / this.#rate;
    const elapsed = Math.max(0, time - this.#start);
    if (elapsed >= this.#length * step + PAUSE_MS) {
      this.#start = time;
      this.#resolveEnded();
      this.#seek(0);
    } else this.#seek(Math.min(this.#length - 1, Math.floor(elapsed / step)));
  }

  #resolveEnded(): void {
    const waiting = this.#ended;
    this.#ended = [];
    for (const resolve of waiting) resolve();
  }

  #seek(position: number): void {
    if (position === this.#position) return;
    this.#position = position;
    this.#slider.value = String(position);
    this.#slider.style.setProperty('--part', String(position / Math.max(1, this.#length - 1)));
    const seconds = (position + 1 - this.#known) / this.#rate;
    setText(this.#time, secondsText(seconds, this.#known > 0));
    if (!this.#playing) this.#slider.setAttribute('aria-valuetext', this.#spokenTime(seconds));
    this.show(position);
  }

  #spokenTime(seconds: number): string {
    if (this.#known === 0) return `${seconds.toFixed(2)} seconds`;
    if (seconds <= 0) return `${Math.abs(seconds).toFixed(2)} seconds before the future begins`;
    return `${seconds.toFixed(2)} seconds into the future`;
  }

  #updateMarks(): void {
    const split = (this.#known - 0.5) / Math.max(1, this.#length - 1);
    this.#marks.style.setProperty('--split', String(split));
    const generated = this.#length > this.#known;
    this.#marks.classList.toggle('split', this.#known > 0 && generated);
    const labels = this.#known > 0 && generated ? [this.#known > 1 ? 'known' : '', 'generated'] : [];
    this.#marks.replaceChildren(...labels.map((label) => h('span', {}, label)));
  }

  #setPlaying(playing: boolean): void {
    this.#playing = playing;
    const label = playing ? 'Pause' : 'Play';
    this.#toggle.replaceChildren(icon(playing ? 'M9 5v14M15 5v14' : 'M8 5v14l11-7z'), label);
    this.#toggle.setAttribute('aria-label', `${label} the clips`);
  }
}

/** Format a time relative to the start of the generated part: `−0.56 s`, `+1.28 s`; no plus sign unless `signed`. */
export function secondsText(seconds: number, signed: boolean): string {
  const sign = seconds < -1e-6 ? '−' : signed && seconds > 1e-6 ? '+' : '';
  return `${sign}${Math.abs(seconds).toFixed(2)} s`;
}
