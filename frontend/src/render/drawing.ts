/**
 * Decides who draws: this browser's graphics from layers, or the server, which sends finished pictures. A session starts with
 * pictures. The page asks for layers once its graphics have passed a check and hold the portrait, and for pictures again when
 * they are lost or the portrait changes.
 */
import type { SheetMessage } from '../net/connection.ts';
import type { Way } from '../net/protocol.ts';
import type { Composer } from './composer.ts';
import { decodeSheet } from './decode-sheet.ts';
import { type GraphicsCheck, isFast } from './graphics-check.ts';
import type { Sheet } from './sheet.ts';

export type DrawingEvents = {
  /** Ask the server to send the sheets from now on in this way. */
  ask(way: Way): void;
  /** Load the portrait of a session, pixel for pixel. */
  loadPortrait(session: string): Promise<ImageBitmap>;
  /** The graphics are gone, and with them all layers that they held. */
  lost(): void;
};

export class Drawing {
  #composer: Composer | null = null;
  #checked = false;
  #session: string | null = null;
  /** Number of the latest portrait: an earlier one that loads later is not used. */
  #portrait = 0;

  /**
   * @param events connects it with server and stage.
   * @param checkGraphics see `graphics-check.ts`.
   * @param forced the way to use whatever the check says; null lets the check decide. Graphics that are wrong never draw.
   */
  constructor(
    private readonly events: DrawingEvents,
    private readonly checkGraphics: () => GraphicsCheck,
    private readonly forced: Way | null = null,
  ) {}

  /** Make a sheet of a message. @throws Error if it is damaged. */
  decode(message: SheetMessage): Promise<Sheet | null> {
    return decodeSheet(message, this.#composer);
  }

  /** Begin after the server is ready. `newPortrait` says that the session shows another portrait than before. */
  async begin(session: string, newPortrait: boolean): Promise<void> {
    const portrait = ++this.#portrait;
    this.#session = session;
    if (this.forced === 'pictures') return;
    if (!this.#checked) {
      await idle();
      this.#check();
    }
    const composer = this.#composer;
    if (!composer || portrait !== this.#portrait) return;
    if (newPortrait || composer.side === 0) {
      if (composer.side > 0) this.events.ask('pictures');
      composer.setPortrait(null);
      const pixels = await this.events.loadPortrait(session).catch(() => null);
      if (!pixels || portrait !== this.#portrait) return;
      composer.setPortrait(pixels);
    }
    if (composer.usable) this.events.ask('layers');
  }

  #check(): void {
    if (this.#checked) return;
    this.#checked = true;
    const check = this.checkGraphics();
    if (!check.composer || !check.right || !(this.forced === 'layers' || isFast(check))) return;
    this.#composer = check.composer;
    check.composer.onChange = (usable) => {
      if (usable) void this.begin(this.#session ?? '', false);
      else {
        this.events.lost();
        this.events.ask('pictures');
      }
    };
  }
}

/** Return the way that the page's address forces, as in `?way=pictures`; null if none. */
export function forcedWay(search: string): Way | null {
  const way = new URLSearchParams(search).get('way');
  return way === 'pictures' || way === 'layers' ? way : null;
}

/** Wait until the page has nothing urgent to do: the first pictures come before the check. */
function idle(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof requestIdleCallback === 'function') requestIdleCallback(() => resolve(), { timeout: 1500 });
    else setTimeout(resolve, 200);
  });
}
