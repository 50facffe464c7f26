/** Plays the finished round in a loop, each step of the futures together with what happened at that step. */
import { type DecodedSheet, type Round, type RoundStore, sheetAt } from './round-store.ts';

export const STEP_MS = 80;
/** The last step stays this long before the loop starts again. */
const PAUSE_MS = 480;

export class RoundLoop {
  readonly #reducedMotion = matchMedia('(prefers-reduced-motion: reduce)');
  #startedAt = 0;
  #shown: { round: Round; step: number } | null = null;

  /** `show` receives the sheet of every step. */
  constructor(
    private readonly store: RoundStore,
    private readonly show: (sheet: DecodedSheet) => void,
  ) {
    requestAnimationFrame((time) => this.#tick(time));
  }

  /** Start again at the first step if the finished round is another one. */
  restart(): void {
    if (this.#shown?.round === this.store.finished) return;
    this.#startedAt = performance.now();
    this.#shown = null;
  }

  clear(): void {
    this.#shown = null;
  }

  #tick(time: number): void {
    requestAnimationFrame((next) => this.#tick(next));
    const round = this.store.finished;
    if (!round) return;
    const length = round.horizon * STEP_MS;
    const position = (time - this.#startedAt) % (length + PAUSE_MS);
    const playing = Math.min(round.horizon, 1 + Math.floor(Math.max(0, position) / STEP_MS));
    const step = this.#reducedMotion.matches ? round.horizon : playing;
    if (this.#shown?.round === round && this.#shown.step === step) return;
    const sheet = sheetAt(round, step);
    if (sheet) this.show(sheet);
    this.#shown = { round, step };
  }
}
