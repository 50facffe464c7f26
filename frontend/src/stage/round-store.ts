/**
 * Keeps the pictures of the futures rounds on the stage. A round is one set of futures, predicted from the same moment and
 * played step by step; the wire calls it a `generation`.
 *
 * A sheet at step s shows the futures at step s and the present at that very moment, so the same bitmap also shows what
 * happened at step s. The store owns every bitmap given to it and closes it when it is no longer needed.
 */
import type { SheetHead, Verdict } from '../net/protocol.ts';
import type { Cell } from './clip.ts';

/** A decoded sheet: tiles of `tile` pixels, row by row in `columns` columns; tile `present` shows the present. */
export type DecodedSheet = { bitmap: ImageBitmap; tile: number; columns: number; present: number; tiles: number };

export type Round = {
  number: number;
  methods: string[];
  horizon: number;
  /** As in the sheets of the round. */
  shares: number[];
  drawn: number;
  /** By step, 1..H. Some steps are missing if the server skips some to keep up. */
  sheets: Map<number, DecodedSheet>;
  verdict: Verdict | null;
};

export class RoundStore {
  current: Round | null = null;
  /** Played to its end, but without a verdict yet. A round that the server gave up never gets one. */
  pending: Round | null = null;
  /** The latest round with a verdict. It stays while `held`. */
  finished: Round | null = null;
  held = false;
  /** The newest sheet with a picture, of whatever step. */
  latest: DecodedSheet | null = null;
  readonly counts = { finished: 0, judged: 0, beatCopyLast: 0 };

  /** Add a sheet and its bitmap (null for a sheet without pictures). Returns whether `finished` is another round now. */
  add(head: SheetHead, bitmap: ImageBitmap | null): boolean {
    if (head.generation !== this.current?.number && head.fan[0] > 0) {
      closeSheets(this.pending, this.latest);
      this.pending = this.current;
      this.current = {
        number: head.generation,
        methods: head.methods,
        horizon: head.horizon,
        shares: head.shares,
        drawn: head.drawn,
        sheets: new Map(),
        verdict: null,
      };
    }
    if (bitmap) this.#keep(head, bitmap);
    return head.verdict ? this.#finish(head.verdict) : false;
  }

  /** Drop the rounds that play (the stream restarted); with `all`, the finished one too (another portrait). */
  reset(all: boolean): void {
    for (const round of [this.current, this.pending]) closeSheets(round);
    this.current = null;
    this.pending = null;
    if (this.latest && !this.#belongsToRound(this.latest)) this.latest.bitmap.close();
    this.latest = null;
    if (!all) return;
    closeSheets(this.finished);
    this.finished = null;
  }

  #keep(head: SheetHead, bitmap: ImageBitmap): void {
    const sheet = { bitmap, tile: head.tile, columns: head.columns, present: head.present, tiles: head.tiles };
    const previous = this.latest;
    this.latest = sheet;
    if (head.step > 0 && head.tiles > 1 && this.current) {
      this.current.sheets.get(head.step)?.bitmap.close();
      this.current.sheets.set(head.step, sheet);
    }
    if (previous && !this.#belongsToRound(previous)) previous.bitmap.close();
  }

  #finish(verdict: Verdict): boolean {
    this.counts.judged++;
    if ((verdict.errors[verdict.best] ?? Number.POSITIVE_INFINITY) < verdict.copy_last) this.counts.beatCopyLast++;
    const judged = this.pending;
    if (judged?.number !== verdict.generation || judged.sheets.size < 2 || this.held) return false;
    closeSheets(this.finished, this.latest);
    this.pending = null;
    this.finished = { ...judged, verdict };
    this.counts.finished++;
    return true;
  }

  #belongsToRound(sheet: DecodedSheet): boolean {
    return [this.current, this.pending, this.finished].some((round) =>
      [...(round?.sheets.values() ?? [])].includes(sheet),
    );
  }
}

function closeSheets(round: Round | null, except: DecodedSheet | null = null): void {
  for (const sheet of round?.sheets.values() ?? []) {
    if (sheet !== except) sheet.bitmap.close();
  }
}

/** Return the part of a sheet that holds tile `index`. */
export function tileOf({ bitmap, tile, columns }: DecodedSheet, index: number): Cell {
  return { image: bitmap, x: (index % columns) * tile, y: Math.floor(index / columns) * tile, side: tile };
}

/** Return the sheet to show at a step: that step's, else the nearest earlier one, else the first. */
export function sheetAt(round: Round, step: number): DecodedSheet | null {
  let best: number | null = null;
  let first: number | null = null;
  for (const candidate of round.sheets.keys()) {
    if (first === null || candidate < first) first = candidate;
    if (candidate <= step && (best === null || candidate > best)) best = candidate;
  }
  const key = best ?? first;
  return key === null ? null : (round.sheets.get(key) ?? null);
}
