/** Sheets in the order of time, and the frames at and between them. */
import type { Picture } from '../render/picture.ts';
import type { Sheet } from '../render/sheet.ts';

export type Key = {
  /** Time in ticks of the clock: absolute, or since the start of a round. */
  at: number;
  sheet: Sheet;
  /** Futures of different rounds are not blended: they are not the same. */
  round: number;
  /** Every tile shows the present: that of the leading tile, or where all futures of a round start. */
  shared: boolean;
};

/** A moment of a timeline: a key, or the blend of two. */
export type View = { from: Key; to: Key; part: number };

export class Timeline {
  #keys: Key[] = [];

  get keys(): readonly Key[] {
    return this.#keys;
  }

  get last(): Key | null {
    return this.#keys.at(-1) ?? null;
  }

  /** Add a key; it takes the place of one of the same round and time. */
  put(key: Key): void {
    const others = this.#keys.filter((other) => other.at !== key.at || other.round !== key.round);
    const place = others.findLastIndex((other) => other.at <= key.at) + 1;
    this.#keys = others.toSpliced(place, 0, key);
  }

  /** Keep only the keys for which this holds. */
  filter(wanted: (key: Key) => boolean): void {
    this.#keys = this.#keys.filter(wanted);
  }

  /** Drop keys that no time from `at` on shows. */
  forgetBefore(at: number): void {
    const first = this.#keys.findLastIndex((key) => key.at <= at);
    if (first > 0) this.#keys = this.#keys.slice(first);
  }

  /**
   * Return what to show at a time, or null without keys. Where two keys cannot be blended, it is the key whose tick began
   * last: finished pictures show as soon as they are there.
   */
  sample(at: number): View | null {
    const index = Math.max(0, this.#indexAt(at));
    const [from, to] = [this.#keys[index], this.#keys[index + 1]];
    if (!from) return null;
    if (to && at > from.at && from.round === to.round && from.sheet.canBlend(to.sheet)) {
      return { from, to, part: (at - from.at) / (to.at - from.at) };
    }
    const key = this.#keys[Math.max(0, this.#indexAt(Math.ceil(at)))] ?? from;
    return { from: key, to: key, part: 0 };
  }

  #indexAt(at: number): number {
    return this.#keys.findLastIndex((key) => key.at <= at);
  }
}

/** Return tile `index` of a view; null if its sheets do not have it. */
export function pictureOf({ from, to, part }: View, index: number): Picture | null {
  const [tile, next] = [tileIn(from, index), tileIn(to, index)];
  if (tile === null || next === null) return null;
  return part > 0 ? from.sheet.between(tile, to.sheet, next, part) : from.sheet.picture(tile);
}

function tileIn({ sheet, shared }: Key, index: number): number | null {
  if (shared) return sheet.present;
  return index < sheet.tiles ? index : null;
}
