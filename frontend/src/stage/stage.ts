/** The stage: the present with its predicted futures above, and below the last finished futures beside what happened. */
import type { SheetHead } from '../net/protocol.ts';
import { context2d } from '../ui/canvas.ts';
import { h, icon, setText } from '../ui/dom.ts';
import { pixels } from '../ui/units.ts';
import { type Fan, renderFan } from './fan-overlay.ts';
import { arrange } from './layout.ts';
import { STEP_MS } from './playhead.ts';
import type { RoundStore } from './round-store.ts';
import { StagePlayer } from './stage-player.ts';
import { TileRow } from './tile-row.ts';
import { distancePercent, hasWinner, verdictText } from './verdict-text.ts';

const GAP = 10;
const CAPTION_HEIGHT = 26;
/** Height in pixels of what stands around the tiles: two headings, gaps, and the live measurements. */
const CHROME_HEIGHT = 222;

export const NOW_HEADING = 'Now, and possible futures';
export const PAST_HEADING = 'A moment ago';
/** Shown until a round has finished. */
const PAST_INTRODUCTION = 'A second after each prediction, its futures are compared here with what happened.';

export class Stage {
  readonly element: HTMLElement;
  readonly now = new TileRow('Now');
  readonly past = new TileRow('What happened');
  readonly player: StagePlayer;
  /** Container of the buttons for the whole stage. */
  readonly tools = h('div', { class: 'tools' });
  readonly overlay = h('canvas', { class: 'fan', 'aria-hidden': 'true' });
  readonly holdButton = h('button', { type: 'button', class: 'quiet', 'aria-pressed': 'false' });
  readonly #fanContext = context2d(this.overlay);
  readonly #age = h('p', { class: 'row-note' });
  readonly #progress = h('div', { class: 'progress', 'aria-hidden': 'true' }, h('i'));
  readonly #verdict = h('p', { class: 'row-note' });
  readonly #tally = h('span', {
    class: 'tally',
    title:
      'How often the futures, taken together as one forecast (energy score), were better than the simplest one: that ' +
      'nothing moves. Counted since portrait, driver or settings last changed.',
  });
  readonly #noFace = h(
    'p',
    { class: 'tile-hint', role: 'status', hidden: true },
    h('strong', {}, 'No face found.'),
    h('span', {}, 'Look into the camera, with light on your face.'),
  );
  readonly #rows: HTMLElement;
  /** The paths of the futures that play, the round that they are of, and how many of its steps have passed. */
  #fan: Fan | null = null;
  #fanRound = 0;
  #passed = 0;
  #highlight: number | null = null;

  constructor(private readonly store: RoundStore) {
    this.player = new StagePlayer(store, this.now, this.past);
    this.now.lead.picture.append(this.overlay, this.#noFace);
    this.setHeld(false);
    this.#rows = h(
      'div',
      { class: 'tile-rows' },
      h(
        'section',
        { class: 'tile-row', 'aria-labelledby': 'row-now' },
        h('header', {}, h('h2', { id: 'row-now' }, NOW_HEADING), this.#age, this.#progress, this.tools),
        this.now.grid,
      ),
      h(
        'section',
        { class: 'tile-row', 'aria-labelledby': 'row-past' },
        h('header', {}, h('h2', { id: 'row-past' }, PAST_HEADING), this.#verdict, this.#tally, this.holdButton),
        this.past.grid,
      ),
    );
    this.element = h('div', { class: 'stage' }, this.#rows);
    this.populate(['', '', '', '']);
    this.#showAge(null);
    setText(this.#verdict, PAST_INTRODUCTION);
    new ResizeObserver(() => this.updateLayout()).observe(this.element);
    window.addEventListener('resize', () => this.updateLayout());
    for (const row of [this.now, this.past]) this.#followPointer(row);
  }

  /** Show a sheet that was just added to the store. `finished` says whether it finished a round. */
  show(head: SheetHead, fan: Fan, finished: boolean): void {
    this.#followFan(head, fan);
    if (head.methods.length > 0) {
      if (head.methods.length !== this.now.futures.length) this.populate(head.methods);
      else if (head.step <= 1) this.now.populate(head.methods);
    }
    this.player.follow(head);
    // Until a round's first pictures arrive, the tiles show the round before it.
    if (this.store.futures.last?.round === head.generation) this.now.showShares(head.shares, head.drawn);
    if (head.methods.length > 0) this.#showAge(head);
    if (finished) this.#showVerdict();
  }

  /** Have a tile per future in the upper row, and in the lower row until a round has finished. */
  populate(methods: string[]): void {
    this.now.populate(methods);
    if (!this.store.finished) this.past.populate(methods);
    this.updateLayout();
  }

  /** Clear the futures; with `all`, the present and the lower row too. */
  clear(all: boolean): void {
    this.#fanContext.clearRect(0, 0, this.overlay.width, this.overlay.height);
    this.#fan = null;
    this.now.clearFutures();
    this.player.clear();
    this.#showAge(null);
    if (!all) return;
    this.now.clear();
    this.past.clear();
    this.showTally();
    setText(this.#verdict, PAST_INTRODUCTION);
  }

  /** Show or hide a hint that the camera finds no face. */
  showNoFace(missing: boolean): void {
    this.#noFace.hidden = !missing;
  }

  /** Show how many rounds were better than no motion. */
  showTally(): void {
    const { judged, beatCopyLast } = this.store.counts;
    setText(this.#tally, judged ? `${beatCopyLast} of ${judged} better than no motion` : '');
  }

  setHeld(held: boolean): void {
    this.holdButton.setAttribute('aria-pressed', String(held));
    this.holdButton.title = held ? 'Show new comparisons again (H)' : 'Keep this comparison and repeat it (H)';
    this.holdButton.replaceChildren(icon(held ? 'M8 5v14l11-7z' : 'M9 5v14M15 5v14'), held ? 'Continue' : 'Hold');
  }

  updateLayout(): void {
    const width = this.#rows.clientWidth;
    if (width === 0) return;
    const top = this.#rows.getBoundingClientRect().top + window.scrollY;
    const height = width < 620 ? 300 : Math.max(190, (window.innerHeight - top - CHROME_HEIGHT) / 2);
    for (const row of [this.now, this.past]) {
      const { length } = row.futures;
      // Many futures may push the measurements down a little instead of shrinking further.
      row.applyLayout(arrange(length, width, length > 5 ? height * 1.2 : height, GAP, CAPTION_HEIGHT));
    }
    this.#renderFan();
    this.player.wake();
  }

  #showAge(head: SheetHead | null): void {
    const steps = head ? Math.min(head.horizon, head.age) : 0;
    const age = (steps * STEP_MS) / 1000;
    const horizon = head ? (head.horizon * STEP_MS) / 1000 : 0;
    const text = head
      ? `Predicted ${age.toFixed(2)} s ago for the following ${horizon.toFixed(2)} s`
      : 'Observing the first movements…';
    setText(this.#age, text);
    this.#progress.style.setProperty('--part', String(head ? steps / head.horizon : 0));
  }

  /** Keep the paths that a round began with: newer forecasts are of other futures than the tiles play. */
  #followFan(head: SheetHead, fan: Fan): void {
    if (head.fan[0] > 0 && (this.#fan === null || head.generation !== this.#fanRound)) {
      this.#fan = fan;
      this.#fanRound = head.generation;
    }
    this.#passed = head.age;
    this.#renderFan();
  }

  #renderFan(): void {
    const side = Math.round(this.overlay.clientWidth * Math.min(2, devicePixelRatio));
    if (side === 0 || !this.#fan) return;
    if (this.overlay.width !== side) {
      this.overlay.width = side;
      this.overlay.height = side;
    }
    renderFan(this.#fanContext, this.#fan, pixels(side), this.#highlight, this.#passed);
  }

  /** Highlight the paths of the future under the pointer. */
  #followPointer(row: TileRow): void {
    row.grid.addEventListener('pointerover', (event) => {
      const index = row.futures.findIndex((tile) => tile.element.contains(event.target as Node));
      this.#highlight = index < 0 ? null : index;
      this.#renderFan();
    });
    row.grid.addEventListener('pointerleave', () => {
      this.#highlight = null;
      this.#renderFan();
    });
  }

  #showVerdict(): void {
    const round = this.store.finished;
    if (!round) return;
    const changed = this.past.futures.length !== round.methods.length;
    this.past.populate(round.methods);
    this.past.showShares(round.shares, round.drawn);
    if (changed) this.updateLayout();
    const { verdict } = round;
    this.past.futures.forEach((tile, i) => {
      const error = verdict?.errors[i];
      const best = verdict !== null && verdict.best === i && hasWinner(verdict);
      const text = error === undefined ? null : `${best ? 'closest' : 'off by'} ${distancePercent(error)}`;
      tile.setChip(text, 'Mean distance from what happened, in % of the picture’s width');
      tile.setWinner(best);
    });
    const still = verdict ? `no motion ${distancePercent(verdict.copy_last)}` : null;
    this.past.lead.setChip(still, 'Distance of the simplest forecast: that nothing moves');
    if (verdict) setText(this.#verdict, verdictText(verdict, round));
    this.showTally();
  }
}
