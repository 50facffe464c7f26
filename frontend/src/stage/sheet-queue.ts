/** Decodes received sheets, shows them in order, acknowledges them, and updates the measurements. */
import type { Connection, SheetMessage } from '../net/connection.ts';
import type { SheetHead } from '../net/protocol.ts';
import type { Hud } from '../ui/hud.ts';
import type { DecodedSheet, RoundStore } from './round-store.ts';
import type { Stage } from './stage.ts';

export class SheetQueue {
  readonly counts = { sheets: 0, drawn: 0, broken: 0, verdicts: 0 };
  /** When the first future was shown, in ms since the page was opened. */
  firstFutureAt: number | null = null;
  last: SheetHead | null = null;
  #chain: Promise<void> = Promise.resolve();
  #epoch = 0;

  constructor(
    private readonly store: RoundStore,
    private readonly stage: Stage,
    private readonly hud: Hud,
    private readonly connection: Connection,
    /** Called for every sheet with pictures that was shown. */
    private readonly onShown: (head: SheetHead, frame: DecodedSheet) => void = () => undefined,
  ) {}

  /** Never show the sheets that are still being decoded: they belong to an earlier epoch. */
  discard(): void {
    this.#epoch++;
  }

  /** Add a received sheet. The server sends at most two before an acknowledgement, so the queue stays short. */
  push(sheet: SheetMessage): void {
    const epoch = this.#epoch;
    const picture = sheet.jpeg.length > 0 ? decodeJpeg(sheet.jpeg) : Promise.resolve(null);
    this.#chain = this.#chain.then(async () => {
      const bitmap = await picture;
      if (epoch !== this.#epoch) bitmap?.close();
      else this.#show(sheet, bitmap);
    });
  }

  #show(sheet: SheetMessage, bitmap: ImageBitmap | null): void {
    const { head } = sheet;
    if (sheet.jpeg.length > 0 && !bitmap) this.counts.broken++;
    const pastChanged = this.store.add(head, bitmap);
    this.stage.show(head, { values: sheet.fan, shape: head.fan, shares: head.shares }, pastChanged);
    this.connection.acknowledge(sheet);
    this.counts.sheets++;
    if (bitmap) this.counts.drawn++;
    if (bitmap && this.store.latest) this.onShown(head, this.store.latest);
    if (bitmap && head.tiles > 1) this.firstFutureAt ??= performance.now();
    if (head.verdict) this.counts.verdicts++;
    this.last = head;
    this.hud.update(head, { sent: this.connection.counts.sent, drawn: this.counts.drawn }, performance.now());
  }
}

/** Decode a JPEG. Returns null if it is damaged: one picture is lost, and the session continues. */
async function decodeJpeg(jpeg: Uint8Array<ArrayBuffer>): Promise<ImageBitmap | null> {
  try {
    return await createImageBitmap(new Blob([jpeg], { type: 'image/jpeg' }));
  } catch {
    return null;
  }
}
