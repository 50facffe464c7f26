/** Statistics of the last few seconds. */

/** Values with their times in ms; keeps those of the last `spanMs`. */
export class RecentValues {
  #values: { t: number; value: number }[] = [];

  constructor(private readonly spanMs: number) {}

  add(t: number, value: number): void {
    this.#values.push({ t, value });
    const oldest = t - this.spanMs;
    const keep = this.#values.findIndex((entry) => entry.t >= oldest);
    if (keep > 0) this.#values.splice(0, keep);
  }

  clear(): void {
    this.#values = [];
  }

  /** Return all values, oldest first. */
  values(): number[] {
    return this.#values.map((entry) => entry.value);
  }

  /** Return the q-quantile (nearest rank), or null without values. */
  quantile(q: number): number | null {
    const sorted = this.values().sort((a, b) => a - b);
    return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? null;
  }
}

/** Smooth exponentially: a number that changes 12 times a second becomes readable. */
export function smooth(previous: number | null, value: number, weight = 0.15): number {
  return previous === null ? value : previous + weight * (value - previous);
}
