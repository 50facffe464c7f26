/** One drawing of the video flow: its progress, a way to stop it, and what went wrong. */
import { ApiError } from './api.ts';
import { h, setText } from './dom.ts';
import { drawVideo, type VideoDone, type VideoEvent, type VideoRequest } from './video-api.ts';
import { beginning, remaining } from './video-words.ts';

export class VideoJob {
  readonly element: HTMLElement;
  readonly #words = h('p', {});
  readonly #left = h('span', { class: 'job-left' });
  readonly #bar = h('div', { class: 'job-bar', role: 'progressbar', 'aria-label': 'Drawing' }, h('i'));
  readonly #progress: HTMLElement;
  readonly #problem = h('p');
  readonly #notice: HTMLElement;
  #controller: AbortController | null = null;

  /** `say` speaks to screen readers; `retry` is called by the button beside an error. */
  constructor(
    private readonly say: (words: string) => void,
    retry: () => void,
  ) {
    const cancel = h('button', { type: 'button' }, 'Cancel');
    cancel.addEventListener('click', () => this.cancel());
    const again = h('button', { type: 'button' }, 'Try again');
    again.addEventListener('click', retry);
    const line = h('div', { class: 'job-line' }, this.#words, this.#left);
    this.#progress = h('div', { class: 'job', hidden: true }, h('div', {}, line, this.#bar), cancel);
    this.#notice = h('div', { class: 'notice error job-error', role: 'alert', hidden: true }, this.#problem, again);
    this.element = h('div', { class: 'job-place' }, this.#progress, this.#notice);
  }

  get running(): boolean {
    return this.#controller !== null;
  }

  /** Have what `order` makes drawn; `what` names it (`4 futures`). Resolves to null when it was cancelled or failed. */
  async run(what: string, order: () => Promise<VideoRequest>): Promise<VideoDone | null> {
    this.cancel();
    const controller = new AbortController();
    this.#controller = controller;
    this.#show('Asking the server…');
    try {
      const done = await drawVideo(await order(), controller.signal, (event) => this.#tell(what, event));
      if (controller.signal.aborted) return null;
      this.say(`Done: ${what}.`);
      return done;
    } catch (error) {
      if (!controller.signal.aborted) this.fail(error);
      return null;
    } finally {
      if (this.#controller === controller) {
        this.#controller = null;
        this.#progress.hidden = true;
      }
    }
  }

  cancel(): void {
    if (!this.#controller) return;
    this.#controller.abort();
    this.#controller = null;
    this.#progress.hidden = true;
    this.say('Cancelled.');
  }

  /** Say what went wrong, with the way out. */
  fail(error: unknown): void {
    const hint = error instanceof ApiError ? error.hint : '';
    this.#notice.dataset.code = error instanceof ApiError ? error.code : '';
    setText(this.#problem, `${error instanceof Error ? error.message : 'That did not work.'} ${hint}`.trim());
    this.#notice.hidden = false;
  }

  #show(words: string): void {
    this.#notice.hidden = true;
    this.#progress.hidden = false;
    setText(this.#words, words);
    setText(this.#left, '');
    this.#bar.style.setProperty('--part', '0');
    this.#bar.removeAttribute('aria-valuenow');
  }

  #tell(what: string, event: VideoEvent): void {
    if (event.kind === 'begun') {
      const words = beginning(what, event);
      setText(this.#words, words);
      this.say(words);
    } else if (event.kind === 'progress') {
      setText(this.#left, remaining(event));
      this.#bar.style.setProperty('--part', String(event.share));
      this.#bar.setAttribute('aria-valuenow', String(Math.round(event.share * 100)));
    }
  }
}
