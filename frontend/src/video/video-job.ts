/** Runs one request to the video model: shows its progress, a Cancel button, and errors. */
import { ApiError } from '../net/api.ts';
import { requestVideo, type VideoDone, type VideoEvent, type VideoRequest } from '../net/video-api.ts';
import { h, setText } from '../ui/dom.ts';
import { remainingText, startText } from './video-text.ts';

export class VideoJob {
  readonly element: HTMLElement;
  readonly #text = h('p', {});
  readonly #left = h('span', { class: 'job-left' });
  readonly #bar = h('div', { class: 'progress-bar', role: 'progressbar', 'aria-label': 'Generating' }, h('i'));
  readonly #progress: HTMLElement;
  readonly #error = h('p');
  readonly #notice: HTMLElement;
  #controller: AbortController | null = null;

  /** `announce` has screen readers say a text; `retry` is called by the button beside an error. */
  constructor(
    private readonly announce: (text: string) => void,
    retry: () => void,
  ) {
    const cancel = h('button', { type: 'button' }, 'Cancel');
    cancel.addEventListener('click', () => this.cancel());
    const again = h('button', { type: 'button' }, 'Try again');
    again.addEventListener('click', retry);
    const line = h('div', { class: 'job-line' }, this.#text, this.#left);
    this.#progress = h('div', { class: 'job', hidden: true }, h('div', {}, line, this.#bar), cancel);
    this.#notice = h('div', { class: 'notice error job-error', role: 'alert', hidden: true }, this.#error, again);
    this.element = h('div', { class: 'job-place' }, this.#progress, this.#notice);
  }

  get running(): boolean {
    return this.#controller !== null;
  }

  /** Run a request; `what` names its result (`4 futures`). Resolves to null when it was cancelled or failed. */
  async run(what: string, makeRequest: () => Promise<VideoRequest>): Promise<VideoDone | null> {
    this.cancel();
    const controller = new AbortController();
    this.#controller = controller;
    this.#show('Sending the request…');
    try {
      const done = await requestVideo(await makeRequest(), controller.signal, (event) => this.#onEvent(what, event));
      if (controller.signal.aborted) return null;
      this.announce(`Done: ${what}.`);
      return done;
    } catch (error) {
      if (!controller.signal.aborted) this.showError(error);
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
    this.announce('Cancelled.');
  }

  /** Show an error and what to do. */
  showError(error: unknown): void {
    const hint = error instanceof ApiError ? error.hint : '';
    this.#notice.dataset.code = error instanceof ApiError ? error.code : '';
    setText(this.#error, `${error instanceof Error ? error.message : 'That did not work.'} ${hint}`.trim());
    this.#notice.hidden = false;
  }

  #show(text: string): void {
    this.#notice.hidden = true;
    this.#progress.hidden = false;
    setText(this.#text, text);
    setText(this.#left, '');
    this.#bar.style.setProperty('--part', '0');
    this.#bar.removeAttribute('aria-valuenow');
  }

  #onEvent(what: string, event: VideoEvent): void {
    if (event.kind === 'begun') {
      const text = startText(what, event);
      setText(this.#text, text);
      this.announce(text);
    } else if (event.kind === 'progress') {
      setText(this.#left, remainingText(event));
      this.#bar.style.setProperty('--part', String(event.share));
      this.#bar.setAttribute('aria-valuenow', String(Math.round(event.share * 100)));
    }
  }
}
