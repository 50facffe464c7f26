/**
 * Plays the store's sheets on both rows of the stage: above the present and the futures that play, below the finished round
 * in a loop. Frames between the clock's steps are blended where sheets can be; it draws as often as the display shows frames,
 * and stops while the page is hidden or nothing moves.
 */
import type { SheetHead } from '../net/protocol.ts';
import { Playhead, STEP_MS } from './playhead.ts';
import type { Round, RoundStore } from './round-store.ts';
import type { TileRow } from './tile-row.ts';

/** The last step stays this long before the loop starts again. */
const PAUSE_MS = 480;
/** The server may skip ticks; futures then play on for as long. */
const MAX_GAP = 4;
/** After a frame that took longer to draw, the page gets half as much time for other work. */
const MAX_QUICK_MS = 8;

export class StagePlayer {
  readonly #reducedMotion = matchMedia('(prefers-reduced-motion: reduce)');
  readonly #present = new Playhead();
  readonly #futures = new Playhead();
  #tick = 0;
  #loop: { round: Round; since: number } | null = null;
  #scheduled = false;
  #restUntil = 0;
  /** Frames take long to draw, as without graphics hardware: the lower row then shows whole steps only. */
  #slow = false;
  /** Frames drawn so far. */
  frames = 0;

  constructor(
    private readonly store: RoundStore,
    private readonly now: TileRow,
    private readonly past: TileRow,
  ) {}

  /** Move on to a sheet that was just added to the store. */
  follow({ tick }: SheetHead): void {
    const now = performance.now();
    const gap = Math.min(MAX_GAP, Math.max(1, tick - this.#tick));
    this.#tick = tick;
    this.#present.aim(tick, now, STEP_MS);
    // Futures that were sent ahead play on until the next sheet.
    this.#futures.aim(Math.min(tick + gap, this.store.futures.last?.at ?? tick), now, gap * STEP_MS);
    this.wake();
  }

  /** Forget the positions: the next sheet starts another motion. */
  clear(): void {
    this.#present.clear();
    this.#futures.clear();
  }

  /** Draw at the next frame of the display. */
  wake(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    requestAnimationFrame((time) => this.#frame(time));
  }

  #frame(time: number): void {
    this.#scheduled = false;
    const started = performance.now();
    if (started < this.#restUntil) {
      this.wake();
      return;
    }
    const { presents, futures, finished } = this.store;
    const drawn = [
      this.now.render(presents.sample(this.#present.at(time)), futures.sample(this.#futures.at(time))),
      finished !== null && this.#renderLoop(finished, time),
    ];
    if (drawn.includes(true)) this.frames++;
    const took = performance.now() - started;
    this.#slow = took > MAX_QUICK_MS;
    this.#restUntil = this.#slow ? started + 1.5 * took : 0;
    const looping = finished !== null && !this.#reducedMotion.matches;
    if (looping || this.#present.movesAt(time) || this.#futures.movesAt(time)) this.wake();
  }

  /** Show each step of the futures together with what happened at that step. */
  #renderLoop(round: Round, time: number): boolean {
    if (this.#loop?.round !== round) this.#loop = { round, since: time };
    const length = round.horizon * STEP_MS;
    const position = Math.max(0, time - this.#loop.since) % (length + PAUSE_MS);
    const played = Math.min(round.horizon, this.#slow ? Math.floor(position / STEP_MS) : position / STEP_MS);
    const step = this.#reducedMotion.matches ? round.horizon : played;
    return this.past.render(round.presents.sample(step), round.futures.sample(step));
  }
}
