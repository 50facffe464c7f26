/** The row of live measurements below the stage ("heads-up display"): surprise, delay, server time, frames, acceptance. */
import { PIPELINE_STAGES, type PipelineStage, type SheetHead, type Way } from '../net/protocol.ts';
import { bottleneck, type Pace } from './bottleneck.ts';
import { h, setText } from './dom.ts';
import { RecentValues, smooth } from './recent-values.ts';
import { Sparkline } from './sparkline.ts';

/** The delay's median and percentile cover this time. */
const SPAN_MS = 10_000;
const UPDATE_MS = 400;

/** Frames that the page sent, and sheets that it showed. */
export type ClientCounts = { sent: number; drawn: number };

const STAGE_TITLES: Record<PipelineStage, string> = {
  wait: 'Waiting for earlier work',
  observe: 'Updating the model with the newest keypoints',
  forecast: 'Predicting the futures',
  render: 'Moving the portrait',
  encode: 'Compressing the pictures',
};

const DRAWN_BY: Record<Way, string> = {
  pictures: 'the server',
  layers: 'this browser’s graphics',
  keypoints: 'this browser alone',
};

export class Hud {
  readonly element: HTMLElement;
  readonly delay = new RecentValues(SPAN_MS);
  readonly #figures = new Map<string, HTMLElement>();
  readonly #bar = h('div', { class: 'stages-bar', 'aria-hidden': 'true' });
  readonly #segments = new Map<PipelineStage, HTMLElement>();
  readonly #stages = new Map<PipelineStage, number>();
  readonly #legend = new Map<PipelineStage, HTMLElement>();
  readonly #surprise = h(
    'div',
    { class: 'meter', role: 'meter', 'aria-valuemin': 0, 'aria-valuemax': 100, 'aria-label': 'Surprise' },
    h('i'),
  );
  readonly #networks = h('span', { class: 'networks', 'data-figure': 'networks' });
  readonly #bottleneck = h('p', { class: 'hud-bottleneck', role: 'status', hidden: true });
  readonly #spark = new Sparkline(75);
  #surpriseValue: number | null = null;
  #updatedAt = 0;

  /** `pace` returns what is known of camera and line. */
  constructor(private readonly pace: () => Pick<Pace, 'camera' | 'roundTripMs'>) {
    for (const stage of PIPELINE_STAGES) {
      const segment = h('i', { class: `stage-${stage}` });
      const value = h('span', { class: 'value' }, '–');
      this.#segments.set(stage, segment);
      this.#legend.set(stage, value);
      this.#bar.append(segment);
    }
    const legend = PIPELINE_STAGES.map((stage) =>
      h('li', { class: `stage-${stage}`, title: STAGE_TITLES[stage] }, h('i'), stage, ' ', this.#legend.get(stage)),
    );
    this.element = h(
      'section',
      { class: 'hud', 'aria-label': 'Live measurements' },
      h(
        'div',
        {
          class: 'hud-cell surprise',
          title: 'How unlikely the model found the last movement: 0 is ordinary, 100 is almost never seen',
        },
        h('h3', {}, 'Surprise'),
        h('div', { class: 'surprise-row' }, this.#figure('surprise'), this.#surprise),
        this.#spark.element,
      ),
      h(
        'div',
        {
          class: 'hud-cell',
          title: 'Time from capturing a frame to showing the pictures made from it, over the last 10 s',
        },
        h('h3', {}, 'Delay'),
        h('dl', {}, ...this.#pair('median', 'p50'), ...this.#pair('95th %', 'p95')),
      ),
      h(
        'div',
        { class: 'hud-cell stages', title: 'Milliseconds that the server works on one set of pictures' },
        h('h3', {}, 'Server time, ms'),
        this.#bar,
        h('ul', {}, ...legend),
      ),
      h(
        'div',
        { class: 'hud-cell frames', title: 'Frames of face points, and sets of pictures shown' },
        h('h3', {}, 'Frames'),
        h(
          'dl',
          {},
          ...this.#pair('sent', 'sent'),
          ...this.#pair('processed', 'processed'),
          ...this.#pair('dropped', 'dropped'),
          ...this.#pair('shown', 'drawn'),
        ),
      ),
      h(
        'div',
        {
          class: 'hud-cell',
          title: 'Share of the changes proposed by MCMC (random corrections of the futures) that were accepted',
        },
        h('h3', {}, 'Acceptance'),
        this.#figure('acceptance'),
      ),
      h(
        'div',
        {
          class: 'hud-cell drawn-by',
          title:
            'Who makes the pictures: this browser alone, which then gets only the motion from the server; its graphics, from what the server computes; or the server. With the browser they are as sharp as the portrait, and move between the steps too',
        },
        h('h3', {}, 'Drawn by'),
        this.#figure('way'),
        this.#networks,
      ),
      this.#bottleneck,
    );
  }

  /** Add a sheet that was shown at `now` (ms). The text changes only a few times a second, so that it can be read. */
  update(head: SheetHead, client: ClientCounts, now: number): void {
    this.delay.add(now, now - head.t);
    for (const stage of PIPELINE_STAGES) {
      this.#stages.set(stage, smooth(this.#stages.get(stage) ?? null, head.stages[stage] ?? 0));
    }
    if (head.surprise !== null) {
      this.#surpriseValue = smooth(this.#surpriseValue, head.surprise, 0.35);
      this.#spark.push(this.#surpriseValue);
      this.#surprise.style.setProperty('--part', String(this.#surpriseValue));
    }
    if (now - this.#updatedAt < UPDATE_MS) return;
    this.#updatedAt = now;
    this.#updateText(head, client);
  }

  /** Show in a few words how this browser's networks do. */
  showNetworks(text: string): void {
    setText(this.#networks, text);
  }

  clear(): void {
    this.delay.clear();
    this.#stages.clear();
    this.#spark.clear();
    this.#surpriseValue = null;
  }

  #updateText(head: SheetHead, client: ClientCounts): void {
    this.#set('p50', milliseconds(this.delay.quantile(0.5)));
    this.#set('p95', milliseconds(this.delay.quantile(0.95)));
    this.#set('sent', String(client.sent));
    this.#set('processed', String(head.counts.processed));
    this.#set('dropped', String(head.counts.dropped));
    this.#set('drawn', String(client.drawn));
    this.#set('way', DRAWN_BY[head.way]);
    this.#set('acceptance', head.acceptance === null ? '–' : `${Math.round(head.acceptance * 100)} %`);
    this.#set('surprise', this.#surpriseValue === null ? '–' : String(Math.round(this.#surpriseValue * 100)));
    this.#surprise.setAttribute('aria-valuenow', String(Math.round((this.#surpriseValue ?? 0) * 100)));
    this.#showBottleneck(head);
    const total = [...this.#stages.values()].reduce((sum, value) => sum + value, 0) || 1;
    for (const [stage, value] of this.#stages) {
      this.#segments.get(stage)?.style.setProperty('flex-grow', String(value / total));
      const legend = this.#legend.get(stage);
      if (legend) setText(legend, value.toFixed(value < 10 ? 1 : 0));
    }
  }

  #showBottleneck(head: SheetHead): void {
    const text = bottleneck({
      ...this.pace(),
      delayMs: this.delay.quantile(0.5),
      serverMs: [...this.#stages.values()].reduce((sum, value) => sum + value, 0),
      overloaded: head.flags.includes('overloaded'),
    });
    this.#bottleneck.hidden = text === null;
    if (text) setText(this.#bottleneck, text);
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
