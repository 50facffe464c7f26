/** The stage: futures that play now above, and below them, a moment later, the same futures beside what happened. */
import { Band } from './band.ts';
import { context2d, h, icon, setText } from './dom.ts';
import { drawFan, type Fan } from './fan-overlay.ts';
import { frameAt, type Generation, type GenerationStore } from './generation-store.ts';
import { arrange } from './layout.ts';
import type { SheetHead } from './protocol.ts';
import { pixels } from './units.ts';
import { percent, verdictSentence } from './verdict-words.ts';

const STEP_MS = 80;
/** The last step stays this long before the loop begins again. */
const HOLD_MS = 480;
const GAP = 10;
const CAPTION = 26;
/** What stands below and between the bands: two headings, gaps, and the figures. */
const FURNITURE = 222;

export class Stage {
  readonly element: HTMLElement;
  readonly now = new Band('Now');
  readonly past = new Band('What happened');
  /** Where buttons for the whole stage go. */
  readonly tools = h('div', { class: 'tools' });
  readonly overlay = h('canvas', { class: 'fan', 'aria-hidden': 'true' });
  readonly holdButton = h('button', { type: 'button', class: 'quiet', 'aria-pressed': 'false' });
  readonly #fan = context2d(this.overlay);
  readonly #age = h('p', { class: 'band-note' });
  readonly #progress = h('div', { class: 'progress', 'aria-hidden': 'true' }, h('i'));
  readonly #verdict = h('p', { class: 'band-note' });
  readonly #tally = h('span', { class: 'tally' });
  readonly #noFace = h(
    'p',
    { class: 'tile-hint', role: 'status', hidden: true },
    h('strong', {}, 'No face in sight.'),
    h('span', {}, 'Look into the camera, with light on your face.'),
  );
  readonly #bands: HTMLElement;
  readonly #reduced = matchMedia('(prefers-reduced-motion: reduce)');
  #loopStart = 0;
  #shown: { generation: Generation; step: number } | null = null;
  #lastFan: Fan | null = null;
  #highlight: number | null = null;

  constructor(private readonly store: GenerationStore) {
    this.now.lead.picture.append(this.overlay, this.#noFace);
    this.setHeld(false);
    this.#bands = h(
      'div',
      { class: 'bands' },
      h(
        'section',
        { class: 'band', 'aria-labelledby': 'band-now' },
        h('header', {}, h('h2', { id: 'band-now' }, 'Now, and where it may go'), this.#age, this.#progress, this.tools),
        this.now.grid,
      ),
      h(
        'section',
        { class: 'band', 'aria-labelledby': 'band-past' },
        h('header', {}, h('h2', { id: 'band-past' }, 'A moment ago'), this.#verdict, this.#tally, this.holdButton),
        this.past.grid,
      ),
    );
    this.element = h('div', { class: 'stage' }, this.#bands);
    this.populate(['', '', '', '']);
    this.#setAge(null);
    setText(this.#verdict, 'Here the futures meet what really happened, a second after they were made.');
    new ResizeObserver(() => this.layOut()).observe(this.element);
    window.addEventListener('resize', () => this.layOut());
    for (const band of [this.now, this.past]) this.#followPointer(band);
    requestAnimationFrame((time) => this.#tick(time));
  }

  /** Draw a sheet that the store has just taken. */
  show(head: SheetHead, fan: Fan, pastChanged: boolean): void {
    if (head.fan[0] > 0) {
      this.#lastFan = fan;
      this.#drawFan();
      if (head.methods.length !== this.now.futures.length) this.populate(head.methods);
      else if (head.step <= 1) this.now.populate(head.methods);
    }
    if (this.store.latest) this.now.draw(this.store.latest);
    if (head.fan[0] > 0) this.#setAge(head);
    if (pastChanged) this.#judge();
  }

  /** Have a tile per future in the upper band, and in the lower while it has nothing of its own to show. */
  populate(methods: string[]): void {
    this.now.populate(methods);
    if (!this.store.finished) this.past.populate(methods);
    this.layOut();
  }

  clear(past: boolean): void {
    this.#fan.clearRect(0, 0, this.overlay.width, this.overlay.height);
    this.#lastFan = null;
    for (const tile of this.now.futures) tile.clear();
    this.#setAge(null);
    if (!past) return;
    this.now.clear();
    this.past.clear();
    this.#shown = null;
    this.#verdict.textContent = '';
  }

  /** Say over the present that the camera sees nobody. */
  noFace(missing: boolean): void {
    this.#noFace.hidden = !missing;
  }

  setHeld(held: boolean): void {
    this.holdButton.setAttribute('aria-pressed', String(held));
    this.holdButton.title = held ? 'Follow the present again (H)' : 'Keep this moment and loop it (H)';
    this.holdButton.replaceChildren(icon(held ? 'M8 5v14l11-7z' : 'M9 5v14M15 5v14'), held ? 'Follow again' : 'Hold');
  }

  #setAge(head: SheetHead | null): void {
    const seconds = head ? (head.step * STEP_MS) / 1000 : 0;
    const whole = head ? (head.horizon * STEP_MS) / 1000 : 0;
    const words = head
      ? `Imagined ${seconds.toFixed(2)} s ago, reaching ${whole.toFixed(2)} s ahead`
      : 'Watching the first moments…';
    setText(this.#age, words);
    this.#progress.style.setProperty('--part', String(head ? head.step / head.horizon : 0));
  }

  layOut(): void {
    const width = this.#bands.clientWidth;
    if (width === 0) return;
    const top = this.#bands.getBoundingClientRect().top + window.scrollY;
    const tall = width < 620 ? 300 : Math.max(190, (window.innerHeight - top - FURNITURE) / 2);
    for (const band of [this.now, this.past]) {
      const futures = band.futures.length;
      // Many futures may push the figures down a little, rather than shrink further.
      band.place(arrange(futures, width, futures > 5 ? tall * 1.2 : tall, GAP, CAPTION));
    }
    this.#drawFan();
  }

  #drawFan(): void {
    const side = Math.round(this.overlay.clientWidth * Math.min(2, devicePixelRatio));
    if (side === 0 || !this.#lastFan) return;
    if (this.overlay.width !== side) {
      this.overlay.width = side;
      this.overlay.height = side;
    }
    drawFan(this.#fan, this.#lastFan, pixels(side), this.#highlight);
  }

  /** The paths of the future under the pointer stand out. */
  #followPointer(band: Band): void {
    band.grid.addEventListener('pointerover', (event) => {
      const index = band.futures.findIndex((tile) => tile.element.contains(event.target as Node));
      this.#highlight = index < 0 ? null : index;
      this.#drawFan();
    });
    band.grid.addEventListener('pointerleave', () => {
      this.#highlight = null;
      this.#drawFan();
    });
  }

  #judge(): void {
    const generation = this.store.finished;
    if (!generation) return;
    if (this.past.futures.length !== generation.methods.length) {
      this.past.populate(generation.methods);
      this.layOut();
    } else this.past.populate(generation.methods);
    if (this.#shown?.generation !== generation) {
      this.#loopStart = performance.now();
      this.#shown = null;
    }
    const { verdict } = generation;
    this.past.futures.forEach((tile, i) => {
      const error = verdict?.errors[i];
      const best = verdict?.best === i;
      const figure = error === undefined ? null : percent(error);
      tile.chip(best ? `closest ${figure}` : figure, 'Mean distance from what happened, in % of the picture');
      tile.mark(best);
    });
    this.past.lead.chip(verdict ? `still ${percent(verdict.copy_last)}` : null, 'Error of assuming that nothing moves');
    if (verdict) setText(this.#verdict, verdictSentence(verdict));
    const { judged, beatCopyLast } = this.store.counts;
    setText(this.#tally, judged ? `${beatCopyLast} of ${judged} beat standing still` : '');
  }

  /** Play the finished generation in step with its truth. */
  #tick(time: number): void {
    requestAnimationFrame((next) => this.#tick(next));
    const generation = this.store.finished;
    if (!generation) return;
    const length = generation.horizon * STEP_MS;
    const position = (time - this.#loopStart) % (length + HOLD_MS);
    const playing = Math.min(generation.horizon, 1 + Math.floor(Math.max(0, position) / STEP_MS));
    const step = this.#reduced.matches ? generation.horizon : playing;
    if (this.#shown?.generation === generation && this.#shown.step === step) return;
    const frame = frameAt(generation, step);
    if (frame) this.past.draw(frame);
    this.#shown = { generation, step };
  }
}
