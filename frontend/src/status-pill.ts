/** The connection in one word at the page's top, and in a banner while there is none. */
import { h, setText } from './dom.ts';
import type { Status } from './socket.ts';

export class StatusView {
  readonly pill = h('p', { class: 'pill', 'data-state': 'connecting' }, 'Connecting');
  readonly banner: HTMLElement;
  readonly #words = h('span');
  readonly #now = h('button', { type: 'button' }, 'Try now');
  readonly #live = h('div', { class: 'visually-hidden', role: 'status', 'aria-live': 'polite' });
  #timer: ReturnType<typeof setInterval> | null = null;

  constructor(retry: () => void) {
    this.banner = h('div', { class: 'banner', role: 'alert', hidden: true }, this.#words, this.#now);
    this.#now.addEventListener('click', retry);
  }

  get liveRegion(): HTMLElement {
    return this.#live;
  }

  /** Words for screen readers. */
  say(words: string): void {
    setText(this.#live, words);
  }

  show(status: Status): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.pill.dataset.state = status.kind;
    this.#now.hidden = status.kind !== 'waiting' && status.kind !== 'closed';
    switch (status.kind) {
      case 'connecting':
        setText(this.pill, 'Connecting');
        setText(this.#words, 'Connecting to the server…');
        return;
      case 'live':
        setText(this.pill, 'Live');
        this.banner.hidden = true;
        this.say('Connected.');
        return;
      case 'waiting':
        setText(this.pill, 'Offline');
        this.banner.hidden = false;
        this.#countDown(status.reason, status.seconds);
        return;
      case 'closed':
        setText(this.pill, 'Closed');
        this.banner.hidden = false;
        setText(this.#words, `${status.reason} ${status.hint}`.trim());
    }
  }

  #countDown(reason: string, seconds: number): void {
    const until = performance.now() + seconds * 1000;
    const tick = () => {
      const left = Math.max(0, Math.ceil((until - performance.now()) / 1000));
      setText(this.#words, `${reason} ${left > 0 ? `Trying again in ${left} s.` : 'Trying again…'}`);
    };
    tick();
    this.#timer = setInterval(tick, 500);
  }
}
