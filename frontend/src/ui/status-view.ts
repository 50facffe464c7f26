/** Shows the state of the connection: one word at the top of the page, and a banner while the server cannot be reached. */
import type { Status } from '../net/connection.ts';
import { h, setText } from './dom.ts';

export class StatusView {
  readonly pill = h('p', { class: 'pill', 'data-state': 'connecting' }, 'Connecting');
  readonly banner: HTMLElement;
  readonly #message = h('span');
  readonly #retry = h('button', { type: 'button' }, 'Try now');
  readonly #live = h('div', { class: 'visually-hidden', role: 'status', 'aria-live': 'polite' });
  #timer: ReturnType<typeof setInterval> | null = null;

  constructor(retry: () => void) {
    this.banner = h('div', { class: 'banner', role: 'alert', hidden: true }, this.#message, this.#retry);
    this.#retry.addEventListener('click', retry);
  }

  get liveRegion(): HTMLElement {
    return this.#live;
  }

  /** Have screen readers say a text. */
  announce(text: string): void {
    setText(this.#live, text);
  }

  show(status: Status): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.pill.dataset.state = status.kind;
    this.#retry.hidden = status.kind !== 'waiting' && status.kind !== 'closed';
    switch (status.kind) {
      case 'connecting':
        setText(this.pill, 'Connecting');
        setText(this.#message, 'Connecting to the server…');
        return;
      case 'live':
        setText(this.pill, 'Live');
        this.banner.hidden = true;
        this.announce('Connected.');
        return;
      case 'waiting':
        setText(this.pill, 'Offline');
        this.banner.hidden = false;
        this.#countDown(status.reason, status.seconds);
        return;
      case 'queued':
        setText(this.pill, 'In the queue');
        this.banner.hidden = false;
        setText(this.#message, queueText(status.place));
        return;
      case 'closed':
        setText(this.pill, 'Disconnected');
        this.banner.hidden = false;
        setText(this.#message, `${status.reason} ${status.hint}`.trim());
    }
  }

  #countDown(reason: string, seconds: number): void {
    const until = performance.now() + seconds * 1000;
    const tick = () => {
      const left = Math.max(0, Math.ceil((until - performance.now()) / 1000));
      setText(this.#message, `${reason} ${left > 0 ? `Trying again in ${left} s.` : 'Trying again…'}`);
    };
    tick();
    this.#timer = setInterval(tick, 500);
  }
}

function queueText(place: number): string {
  const where = place === 1 ? 'You are next.' : `You are number ${place} in the queue.`;
  return `The server is full. ${where} Keep this page open: it goes in by itself.`;
}
