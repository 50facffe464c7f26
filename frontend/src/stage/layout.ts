/** Computes how one leading tile and K futures fill a given space with square tiles. */

export type Layout = {
  columns: number;
  rows: number;
  /** Columns and rows that the leading tile spans. */
  span: 1 | 2;
  /** Side of a future's tile in CSS pixels. */
  side: number;
};

/** Weight of the leading tile's extra area: the futures matter more. */
const LEAD_WEIGHT = 0.6;

/** Return the layout with the largest tiles in `width` x `height` CSS pixels, with `gap` between and a caption under them. */
export function arrange(futures: number, width: number, height: number, gap: number, caption: number): Layout {
  let best: (Layout & { area: number }) | null = null;
  for (const span of [1, 2] as const) {
    for (let columns = 1 + span; columns <= futures + span; columns++) {
      const rows = rowsFor(futures, columns, span);
      const widest = (width - gap * (columns - 1)) / columns;
      const highest = (height - gap * (rows - 1)) / rows - caption;
      const side = Math.floor(Math.min(widest, highest));
      const area = side > 0 ? side * side * (futures + 1 + (span * span - 1) * LEAD_WEIGHT) : side;
      if (!best || area > best.area) best = { columns, rows, span, side, area };
    }
  }
  const { columns, rows, span, side } = best ?? { columns: 2, rows: 1, span: 1 as const, side: 1 };
  return { columns, rows, span, side: Math.max(48, side) };
}

function rowsFor(futures: number, columns: number, span: number): number {
  const beside = (columns - span) * span;
  return span + Math.ceil(Math.max(0, futures - beside) / columns);
}
