/** Live figures: delay, where the time goes, what was sent and drawn, and how surprising the last moment was. */
import { h, setText } from './dom.ts';
import { RecentValues, smooth } from './latency.ts';
import { type SheetHead, STAGES, type Stage } from './protocol.ts';
import { Sparkline } from './sparkline.ts';

const SPAN_MS = 10_000;
const REFRESH_MS = 400;

export type ClientCounts = { sent: number; drawn: number };

export class Hud {
  readonly element: HTMLElement;
  readonly delay = new RecentValues(SPAN_MS);
  readonly #figures = new Map<string, HTMLElement>();
  readonly #bar = h('div', { class: 'stages-bar', 'aria-hidden': 'true' });
  readonly #segments = new Map<Stage, HTMLElement>();
  readonly #stages = new Map<Stage, number>();
  readonly #legend = new Map<Stage, HTMLElement>();
  readonly #surprise = h(
    'div',
    { class: 'meter', role: 'meter', 'aria-valuemin': 0, 'aria-valuemax': 100, 'aria-label': 'Surprise' },
    h('i'),
  );
  readonly #spark = new Sparkline(75);
  #surpriseValue: number | null = null;
  #refreshed = 0;

  constructor() {
    for (const stage of STAGES) {
      const segment = h('i', { class: `stage-${stage}` });
      const value = h('span', { class: 'value' }, '–');
      this.#segments.set(stage, segment);
      this.#legend.set(stage, value);
      this.#bar.append(segment);
    }
    const legend = STAGES.map((stage) =>
      h('li', { class: `stage-${stage}` }, h('i'), stage, ' ', this.#legend.get(stage)),
    );
    this.element = h(
      'section',
      { class: 'hud', 'aria-label': 'Live figures' },
      h(
        'div',
        {
          class: 'hud-cell surprise',
          title: 'How unlikely the last step was to the model, against its training clips',
        },
        h('h3', {}, 'Surprise'),
        h('div', { class: 'surprise-row' }, this.#figure('surprise'), this.#surprise),
        this.#spark.element,
      ),
      h(
        'div',
        { class: 'hud-cell', title: 'From taking a frame to drawing what follows from it, over the last 10 s' },
        h('h3', {}, 'Capture to draw'),
        h('dl', {}, ...this.#pair('median', 'p50'), ...this.#pair('95th %', 'p95')),
      ),
      h(
        'div',
        { class: 'hud-cell stages', title: 'Milliseconds per sheet on the server' },
        h('h3', {}, 'On the server, ms'),
        this.#bar,
        h('ul', {}, ...legend),
      ),
      h(
        'div',
        { class: 'hud-cell frames' },
        h('h3', {}, 'Frames'),
        h(
          'dl',
          {},
          ...this.#pair('sent', 'sent'),
          ...this.#pair('processed', 'processed'),
          ...this.#pair('dropped', 'dropped'),
          ...this.#pair('drawn', 'drawn'),
        ),
      ),
      h(
        'div',
        { class: 'hud-cell', title: 'Share of MCMC proposals that were accepted' },
        h('h3', {}, 'Acceptance'),
        this.#figure('acceptance'),
      ),
    );
  }

  /** Take a sheet that was drawn at `now` (ms); the figures change a few times a second, not at every sheet. */
  update(head: SheetHead, client: ClientCounts, now: number): void {
    this.delay.add(now, now - head.t);
    for (const stage of STAGES) {
      this.#stages.set(stage, smooth(this.#stages.get(stage) ?? null, head.stages[stage] ?? 0));
    }
    if (head.surprise !== null) {
      this.#surpriseValue = smooth(this.#surpriseValue, head.surprise, 0.35);
      this.#spark.push(this.#surpriseValue);
      this.#surprise.style.setProperty('--part', String(this.#surpriseValue));
    }
    if (now - this.#refreshed < REFRESH_MS) return;
    this.#refreshed = now;
    this.#refresh(head, client);
  }

  clear(): void {
    this.delay.clear();
    this.#stages.clear();
    this.#spark.clear();
    this.#surpriseValue = null;
  }

  #refresh(head: SheetHead, client: ClientCounts): void {
    this.#set('p50', milliseconds(this.delay.quantile(0.5)));
    this.#set('p95', milliseconds(this.delay.quantile(0.95)));
    this.#set('sent', String(client.sent));
    this.#set('processed', String(head.counts.processed));
    this.#set('dropped', String(head.counts.dropped));
    this.#set('drawn', String(client.drawn));
    this.#set('acceptance', head.acceptance === null ? '–' : `${Math.round(head.acceptance * 100)} %`);
    this.#set('surprise', this.#surpriseValue === null ? '–' : String(Math.round(this.#surpriseValue * 100)));
    this.#surprise.setAttribute('aria-valuenow', String(Math.round((this.#surpriseValue ?? 0) * 100)));
    const total = [...this.#stages.values()].reduce((sum, value) => sum + value, 0) || 1;
    for (const [stage, value] of this.#stages) {
      this.#segments.get(stage)?.style.setProperty('flex-grow', String(value / total));
      const legend = this.#legend.get(stage);
      if (legend) setText(legend, value.toFixed(value < 10 ? 1 : 0));
    }
  }

  #set(name: string, text: string): void {
    const figure = this.#figures.get(name);
    if (figure) setText(figure, text);
  }

  #figure(name: string, tag: 'span' | 'dd' = 'span'): HTMLElement {
    const element = h(tag, { class: 'figure', 'data-figure': name }, '–');
    this.#figures.set(name, element);
    return element;
  }

  #pair(label: string, name: string): HTMLElement[] {
    return [h('div', {}, h('dt', {}, label), this.#figure(name, 'dd'))];
  }
}

function milliseconds(value: number | null): string {
  return value === null ? '–' : `${Math.round(value)} ms`;
}
