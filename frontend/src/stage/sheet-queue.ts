/** Decodes received sheets, shows them in order, acknowledges them, and updates the measurements. */
import type { Connection, SheetMessage } from '../net/connection.ts';
import type { SheetHead } from '../net/protocol.ts';
import type { Sheet } from '../render/sheet.ts';
import type { Hud } from '../ui/hud.ts';
import type { RoundStore } from './round-store.ts';
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
    /** Makes a sheet of a message; null if there is nothing to show. */
    private readonly decode: (message: SheetMessage) => Promise<Sheet | null>,
    /** Called for every sheet with pictures that was shown. */
    private readonly onShown: (head: SheetHead, sheet: Sheet) => void = () => undefined,
  ) {}

  /** Never show the sheets that are still being decoded: they belong to an earlier epoch. */
  discard(): void {
    this.#epoch++;
  }

  /** Add a received sheet. The server sends at most two before an acknowledgement, so the queue stays short. */
  push(message: SheetMessage): void {
    const epoch = this.#epoch;
    // A damaged sheet is lost alone: the session continues.
    const decoded = this.decode(message).catch(() => {
      this.counts.broken++;
      return null;
    });
    this.#chain = this.#chain.then(async () => {
      const sheet = await decoded;
      if (epoch !== this.#epoch) sheet?.close();
      else this.#show(message, sheet);
    });
  }

  #show(message: SheetMessage, sheet: Sheet | null): void {
    const { head } = message;
    const pastChanged = this.store.add(head, sheet);
    this.stage.show(head, { values: message.fan, shape: head.fan, shares: head.shares }, pastChanged);
    this.connection.acknowledge(message);
    this.counts.sheets++;
    if (sheet) this.counts.drawn++;
    if (sheet) this.onShown(head, sheet);
    if (sheet && head.tiles > 1) this.firstFutureAt ??= performance.now();
    if (head.verdict) this.counts.verdicts++;
    this.last = head;
    this.hud.update(head, { sent: this.connection.counts.sent, drawn: this.counts.drawn }, performance.now());
  }
}
