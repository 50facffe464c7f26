/** Time of a panel of clips: played in a loop, paused, or moved by hand; with a mark where the future begins. */
import { h, icon, setText } from './dom.ts';

/** The last frame stays this long before the loop begins again. */
const HOLD_MS = 480;

export class ReelPlayer {
  readonly element: HTMLElement;
  readonly #toggle = h('button', { type: 'button', class: 'quiet' });
  readonly #slider = h('input', { type: 'range', min: 0, step: 1, value: 0, 'aria-label': 'Time of the clips' });
  readonly #time = h('span', { class: 'reel-time', 'aria-hidden': 'true' });
  readonly #marks = h('div', { class: 'reel-marks', 'aria-hidden': 'true' });
  readonly #reduced = matchMedia('(prefers-reduced-motion: reduce)');
  #asked = false;
  #length = 0;
  #known = 0;
  #rate = 12.5;
  #position = -1;
  #start = 0;
  #playing = false;
  #ended: (() => void)[] = [];

  /** `show` draws a position: 0 to the length less 1. */
  constructor(private readonly show: (position: number) => void) {
    this.#toggle.addEventListener('click', () => {
      this.#asked = true;
      if (this.#playing) this.pause();
      else this.play();
    });
    this.#slider.addEventListener('input', () => {
      this.pause();
      this.#go(Number(this.#slider.value));
    });
    const track = h('div', { class: 'reel-track' }, this.#slider, this.#marks);
    this.element = h('div', { class: 'reel-line' }, this.#toggle, track, this.#time);
    this.#setPlaying(false);
  }

  /**
   * Begin with clips of `length` frames, the first `known` of them given and not drawn. Where people prefer that nothing
   * moves, the last frame is shown until they press Play.
   */
  load(length: number, known: number, rate: number): void {
    [this.#length, this.#known, this.#rate] = [length, known, rate];
    this.#position = -1;
    this.element.hidden = length < 2;
    this.#slider.max = String(Math.max(1, length - 1));
    this.#mark();
    if (this.#reduced.matches && !this.#asked) {
      this.pause();
      this.#go(length - 1);
    } else this.play();
  }

  /** Play on from where it stands, or from the start if that is the end. */
  play(): void {
    const from = this.#position >= this.#length - 1 ? 0 : Math.max(0, this.#position);
    this.#start = performance.now() - (from * 1000) / this.#rate;
    this.#go(from);
    if (this.#playing) return;
    this.#setPlaying(true);
    requestAnimationFrame((time) => this.#tick(time));
  }

  /** Play from the first frame; resolves when the last one has been shown for its time. */
  playThrough(): Promise<void> {
    this.#position = -1;
    this.play();
    return new Promise((resolve) => this.#ended.push(resolve));
  }

  pause(): void {
    this.#setPlaying(false);
    this.#end();
  }

  /** Draw the present position again, since what it shows has changed. */
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
    if (elapsed >= this.#length * step + HOLD_MS) {
      this.#start = time;
      this.#end();
      this.#go(0);
    } else this.#go(Math.min(this.#length - 1, Math.floor(elapsed / step)));
  }

  #end(): void {
    const waiting = this.#ended;
    this.#ended = [];
    for (const resolve of waiting) resolve();
  }

  #go(position: number): void {
    if (position === this.#position) return;
    this.#position = position;
    this.#slider.value = String(position);
    this.#slider.style.setProperty('--part', String(position / Math.max(1, this.#length - 1)));
    const seconds = (position + 1 - this.#known) / this.#rate;
    setText(this.#time, secondsText(seconds, this.#known > 0));
    if (!this.#playing) this.#slider.setAttribute('aria-valuetext', this.#spoken(seconds));
    this.show(position);
  }

  #spoken(seconds: number): string {
    if (this.#known === 0) return `${seconds.toFixed(2)} seconds`;
    if (seconds <= 0) return `${Math.abs(seconds).toFixed(2)} seconds before the future begins`;
    return `${seconds.toFixed(2)} seconds into the future`;
  }

  #mark(): void {
    const split = (this.#known - 0.5) / Math.max(1, this.#length - 1);
    this.#marks.style.setProperty('--split', String(split));
    const drawn = this.#length > this.#known;
    this.#marks.classList.toggle('split', this.#known > 0 && drawn);
    const words = this.#known > 0 && drawn ? [this.#known > 1 ? 'known' : '', 'imagined'] : [];
    this.#marks.replaceChildren(...words.map((word) => h('span', {}, word)));
  }

  #setPlaying(playing: boolean): void {
    this.#playing = playing;
    const words = playing ? 'Pause' : 'Play';
    this.#toggle.replaceChildren(icon(playing ? 'M9 5v14M15 5v14' : 'M8 5v14l11-7z'), words);
    this.#toggle.setAttribute('aria-label', `${words} the clips`);
  }
}

/** `−0.56 s` before the future begins, `+1.28 s` in it; without a sign where nothing was known. */
export function secondsText(seconds: number, signed: boolean): string {
  const sign = seconds < -1e-6 ? '−' : signed && seconds > 1e-6 ? '+' : '';
  return `${sign}${Math.abs(seconds).toFixed(2)} s`;
}
