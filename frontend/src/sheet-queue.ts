/** Sheets from the wire to the screen: decoded in order, drawn as soon as they can be, acknowledged, measured. */
import type { Frame, GenerationStore } from './generation-store.ts';
import type { Hud } from './hud.ts';
import type { SheetHead } from './protocol.ts';
import type { Connection, SheetMessage } from './socket.ts';
import type { Stage } from './stage.ts';

export class SheetQueue {
  readonly counts = { sheets: 0, drawn: 0, broken: 0, verdicts: 0 };
  /** When the first future was drawn, in ms since the page was opened. */
  futuresAfter: number | null = null;
  last: SheetHead | null = null;
  #chain: Promise<void> = Promise.resolve();
  #era = 0;

  constructor(
    private readonly store: GenerationStore,
    private readonly stage: Stage,
    private readonly hud: Hud,
    private readonly connection: Connection,
    /** Told of every picture that was drawn. */
    private readonly drawn: (head: SheetHead, frame: Frame) => void = () => undefined,
  ) {}

  /** Sheets that are still being decoded belong to what was before; they must not be drawn any more. */
  discard(): void {
    this.#era++;
  }

  /** At most two sheets are under way (the server's credits), so this chain cannot grow. */
  take(sheet: SheetMessage): void {
    const era = this.#era;
    const picture = sheet.jpeg.length > 0 ? decodePicture(sheet.jpeg) : Promise.resolve(null);
    this.#chain = this.#chain.then(async () => {
      const bitmap = await picture;
      if (era !== this.#era) bitmap?.close();
      else this.#show(sheet, bitmap);
    });
  }

  #show(sheet: SheetMessage, bitmap: ImageBitmap | null): void {
    const { head } = sheet;
    if (sheet.jpeg.length > 0 && !bitmap) this.counts.broken++;
    const pastChanged = this.store.add(head, bitmap);
    this.stage.show(head, { values: sheet.fan, shape: head.fan }, pastChanged);
    this.connection.acknowledge(sheet);
    this.counts.sheets++;
    if (bitmap) this.counts.drawn++;
    if (bitmap && this.store.latest) this.drawn(head, this.store.latest);
    if (bitmap && head.tiles > 1) this.futuresAfter ??= performance.now();
    if (head.verdict) this.counts.verdicts++;
    this.last = head;
    this.hud.update(head, { sent: this.connection.counts.sent, drawn: this.counts.drawn }, performance.now());
  }
}

/** A JPEG that cannot be decoded costs one picture, not the session. */
async function decodePicture(jpeg: Uint8Array<ArrayBuffer>): Promise<ImageBitmap | null> {
  try {
    return await createImageBitmap(new Blob([jpeg], { type: 'image/jpeg' }));
  } catch {
    return null;
  }
}
