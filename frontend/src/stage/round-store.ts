/**
 * Keeps the sheets of the futures rounds on the stage. A round is one set of futures, predicted from the same moment and
 * played step by step; the wire calls it a `generation`. A sheet holds the present at its own tick, and the futures at a step
 * that may lie ahead of it.
 *
 * The store owns every sheet given to it and closes it when nothing can show it any more.
 */
import type { SheetHead, Verdict } from '../net/protocol.ts';
import type { Sheet } from '../render/sheet.ts';
import { Timeline } from './timeline.ts';
import { beatsNoMotion } from './verdict-text.ts';

/** Positions this far behind the newest tick can still be shown. */
const MAX_LAG = 3;

export type Round = {
  number: number;
  /** Tick at which the futures were predicted. */
  start: number;
  methods: string[];
  horizon: number;
  /** As in the sheets of the round. */
  shares: number[];
  drawn: number;
  /** What happened, and the futures, by step 0..H. Some steps are missing if the server skips some to keep up. */
  presents: Timeline;
  futures: Timeline;
  verdict: Verdict | null;
};

export class RoundStore {
  current: Round | null = null;
  /** Played to its end, but without a verdict yet. A round that the server gave up never gets one. */
  pending: Round | null = null;
  /** The latest round with a verdict. It stays while `held`. */
  finished: Round | null = null;
  held = false;
  /** The present and the futures that play, by tick. */
  readonly presents = new Timeline();
  readonly futures = new Timeline();
  readonly counts = { finished: 0, judged: 0, beatCopyLast: 0 };
  readonly #open = new Set<Sheet>();

  /** Add a head and its sheet (null for a message without pictures). Returns whether `finished` is another round now. */
  add(head: SheetHead, sheet: Sheet | null): boolean {
    const started = head.generation > 0 && head.generation !== this.current?.number;
    if (started) this.#start(head);
    if (sheet) this.#keep(head, sheet, started);
    const changed = head.verdict ? this.#finish(head.verdict) : false;
    this.#closeUnused();
    return changed;
  }

  /** Drop the rounds that play (the stream restarted); with `all`, the finished one too (another portrait). */
  reset(all: boolean): void {
    this.current = null;
    this.pending = null;
    if (all) {
      this.finished = null;
      this.resetTally();
    }
    for (const timeline of [this.presents, this.futures]) timeline.filter(() => false);
    this.#closeUnused();
  }

  /** Count the verdicts from here on: another portrait, driver or setting is another contest. */
  resetTally(): void {
    Object.assign(this.counts, { judged: 0, beatCopyLast: 0 });
  }

  /** Drop the sheets whose pixels are gone, with the graphics that held them. */
  dropUnusable(): void {
    for (const timeline of this.#timelines()) timeline.filter((key) => key.sheet.usable);
    this.#closeUnused();
  }

  #start(head: SheetHead): void {
    this.pending = this.current;
    // Futures of the round before that lay ahead.
    this.futures.filter((key) => key.at <= head.tick);
    this.current = {
      number: head.generation,
      start: head.tick - head.age,
      methods: head.methods,
      horizon: head.horizon,
      shares: head.shares,
      drawn: head.drawn,
      presents: new Timeline(),
      futures: new Timeline(),
      verdict: null,
    };
  }

  #keep(head: SheetHead, sheet: Sheet, started: boolean): void {
    this.#open.add(sheet);
    const present = { at: head.tick, sheet, round: 0, shared: true };
    this.presents.put(present);
    for (const round of [this.current, this.pending]) {
      const step = head.tick - (round?.start ?? 0);
      if (round && step <= round.horizon) round.presents.put({ ...present, at: step });
    }
    const round = this.current;
    if (!round) return;
    const { number, start } = round;
    // Blended, all futures leave the present together; a page that joined later does not have that sheet.
    if (started && head.age === 0 && sheet.canBlend(sheet))
      this.#putFuture(round, { at: start, sheet, round: number, shared: true });
    if (head.step > 0 && head.tiles > 1) {
      this.#putFuture(round, { at: start + head.step, sheet, round: number, shared: false });
    }
    for (const timeline of [this.presents, this.futures]) timeline.forgetBefore(head.tick - MAX_LAG);
  }

  #putFuture(round: Round, key: Parameters<Timeline['put']>[0]): void {
    this.futures.put(key);
    round.futures.put({ ...key, at: key.at - round.start });
  }

  #finish(verdict: Verdict): boolean {
    if (this.held) return false;
    this.counts.judged++;
    if (beatsNoMotion(verdict)) this.counts.beatCopyLast++;
    const judged = this.pending;
    if (judged?.number !== verdict.generation || judged.futures.keys.length < 2) return false;
    this.pending = null;
    this.finished = { ...judged, verdict };
    this.counts.finished++;
    return true;
  }

  #timelines(): Timeline[] {
    const rounds = [this.current, this.pending, this.finished].filter((round) => round !== null);
    return [this.presents, this.futures, ...rounds.flatMap((round) => [round.presents, round.futures])];
  }

  #closeUnused(): void {
    const used = new Set(this.#timelines().flatMap((timeline) => timeline.keys.map((key) => key.sheet)));
    for (const sheet of this.#open) {
      if (used.has(sheet)) continue;
      sheet.close();
      this.#open.delete(sheet);
    }
  }
}
