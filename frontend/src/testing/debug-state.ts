/** Exposes the page's state as `window.motionfan`, read-only, for browser tests and debugging. */
import type { App } from '../app.ts';

export type DebugState = {
  readonly session: string | null;
  readonly connection: string;
  readonly source: string;
  readonly counters: Readonly<Record<string, number>>;
  /** Milliseconds from opening the page to the first future on the screen. */
  readonly futuresAfter: number | null;
  readonly delay: { readonly p50: number | null; readonly p95: number | null };
  readonly round: number;
  readonly futures: number;
  /** Share of each future of the last sheet, and how many each method drew; empty and 0 if they were not chosen. */
  readonly shares: readonly number[];
  readonly drawn: number;
  readonly tile: number;
  /** Step of the last sheet's futures, 0..horizon. */
  readonly step: number;
  /** Tiles in the last sheet: 1 if it shows only the present, more with futures. */
  readonly tiles: number;
  /** What the last sheet held: finished pictures, or layers that this page composed. */
  readonly way: string;
  /** Frames of the stage that were drawn so far. */
  readonly frames: number;
  readonly failures: readonly string[];
  readonly settings: Readonly<Record<string, string | number>>;
};

export function exposeDebugState(app: App): void {
  const read = (): DebugState => ({
    session: app.connection.session,
    connection: app.status.pill.dataset.state ?? '',
    source: app.driver.source,
    counters: Object.freeze({
      ...app.connection.counts,
      ...app.sheets.counts,
      ...app.store.counts,
      cameraFrames: app.driver.cameraCounts.frames,
      cameraFaces: app.driver.cameraCounts.faces,
      received: app.sheets.last?.counts.received ?? 0,
      processed: app.sheets.last?.counts.processed ?? 0,
      dropped: app.sheets.last?.counts.dropped ?? 0,
    }),
    futuresAfter: app.sheets.firstFutureAt,
    delay: { p50: app.hud.delay.quantile(0.5), p95: app.hud.delay.quantile(0.95) },
    round: app.sheets.last?.generation ?? 0,
    futures: app.stage.now.futures.length,
    shares: app.sheets.last?.shares ?? [],
    drawn: app.sheets.last?.drawn ?? 0,
    step: app.sheets.last?.step ?? 0,
    tiles: app.sheets.last?.tiles ?? 0,
    tile: app.sheets.last?.tile ?? 0,
    way: app.sheets.last?.way ?? '',
    frames: app.stage.player.frames,
    failures: [...app.failures],
    settings: app.controls?.settings ?? {},
  });
  Object.defineProperty(window, 'motionfan', { get: () => Object.freeze(read()), configurable: false });
}
