/**
 * Decides who draws: this browser alone from keypoints, its graphics from layers, or the server, which sends finished pictures.
 * A session starts with pictures. The page asks for layers once its graphics have passed a check and hold the portrait, for
 * keypoints once the networks have passed theirs, and for less again when they are lost or the portrait changes.
 */
import type { SheetMessage } from '../net/connection.ts';
import type { Way } from '../net/protocol.ts';
import type { Composer } from './composer.ts';
import { decodeSheet } from './decode-sheet.ts';

import { type GraphicsCheck, isFast } from './graphics-check.ts';
import { type OpenNetworks, Rendering } from './rendering.ts';

import type { Sheet } from './sheet.ts';

export type DrawingEvents = {
  /** Ask the server to send the sheets from now on in this way. */
  ask(way: Way): void;
  /** Load the portrait of a session, pixel for pixel. */
  loadPortrait(session: string): Promise<ImageBitmap>;
  /** Say in a few words how the networks do. */
  report(text: string): void;
  /** The graphics are gone, and with them all layers that they held. */
  lost(): void;
  /** Whether only this page has the portrait's picture, so that the server cannot draw. */
  keepsPicture(): boolean;
  /** This browser cannot draw a portrait that it keeps; false: it can again. */
  stopped(stopped: boolean): void;
  /** Whether this browser can draw alone; the reason if it cannot. */
  able(able: boolean, reason: string): void;
};

const FORCED = 'the address of this page leaves the drawing to the server.';

export class Drawing {
  #composer: Composer | null = null;
  #checked = false;
  #session: string | null = null;
  #pixels: ImageBitmap | null = null;
  /** Number of the latest portrait: an earlier one that loads later is not used. */
  #portrait = 0;
  #rendering: Rendering | null = null;
  /** Frames of a step: the present and the futures. */
  #frames = 5;

  /**
   * @param events connects it with server and stage.
   * @param checkGraphics see `graphics-check.ts`.
   * @param forced the way to use whatever the checks say; null lets the checks decide. Graphics that are wrong never draw.
   * @param findNetworks see `networksOpener`.
   */
  constructor(
    private readonly events: DrawingEvents,
    private readonly checkGraphics: () => GraphicsCheck,
    private readonly forced: Way | null = null,
    private readonly findNetworks: (forced: boolean) => Promise<OpenNetworks | null> = async () => null,
  ) {}

  /** Make a sheet of a message. @throws Error if it is damaged. */
  async decode(message: SheetMessage): Promise<Sheet | null> {
    const { methods } = message.head;
    if (methods.length > 0) this.#frames = methods.length + 1;
    if (!message.motion) return decodeSheet(message, this.#composer);
    return this.#composer && this.#rendering ? this.#rendering.decode(message, this.#composer) : null;
  }

  /** Begin after the server is ready. `newPortrait` says that the session shows another portrait than before. */
  async begin(session: string, newPortrait: boolean): Promise<void> {
    const portrait = ++this.#portrait;
    this.#session = session;
    if (this.forced === 'pictures') return this.events.able(false, FORCED);
    if (!this.#checked) {
      await idle();
      this.#check();
    }
    const composer = this.#composer;
    if (!composer) this.events.able(false, 'this browser’s graphics are too slow, or draw wrongly.');
    if (!composer || portrait !== this.#portrait) return;
    if (newPortrait || composer.side === 0) {
      if (composer.side > 0 && !this.events.keepsPicture()) this.events.ask('pictures');
      composer.setPortrait(null);
      this.#rendering?.setPicture(null);
      const pixels = await this.events.loadPortrait(session).catch(() => null);
      if (!pixels || portrait !== this.#portrait) return;
      composer.setPortrait(pixels);
      this.#pixels = pixels;
      this.#rendering?.setPicture(pixels);
    }
    this.#ask();
    if (this.forced === 'layers') this.events.able(false, FORCED);
    else if (!this.#rendering) await this.#startNetworks();
  }

  /** Ask for the best way that is ready; a portrait that is kept here leaves only one. */
  #ask(): void {
    const usable = this.#composer?.usable ?? false;
    const alone = usable && this.#rendering?.ready === true;
    const stopped = this.events.keepsPicture() && !alone;
    this.events.stopped(stopped);
    if (stopped) return;
    this.events.ask(alone ? 'keypoints' : usable ? 'layers' : 'pictures');
  }

  /** Load and check the networks while the server renders. */
  async #startNetworks(): Promise<void> {
    const open = await this.findNetworks(this.forced === 'keypoints');
    if (!open) this.events.able(false, 'it needs graphics hardware (WebGPU), and a connection without data saver.');
    if (!open || this.#rendering) return;
    const events = {
      report: (text: string) => this.events.report(text),
      stopped: (reason: string) => {
        this.events.able(false, `${reason}.`);
        this.#ask();
      },
      missing: () => this.#ask(),
    };
    this.#rendering = new Rendering(events, open, this.forced === 'keypoints');
    this.#rendering.setPicture(this.#pixels);
    if (!(await this.#rendering.start(this.#frames))) return;
    this.events.able(true, '');
    this.#ask();
  }

  #check(): void {
    if (this.#checked) return;
    this.#checked = true;
    const check = this.checkGraphics();
    if (!check.composer || !check.right || !(this.forced !== null || isFast(check))) return;
    this.#composer = check.composer;
    check.composer.onChange = (usable) => {
      if (usable) void this.begin(this.#session ?? '', false);
      else {
        this.events.lost();
        this.#ask();
      }
    };
  }
}

/** Return the way that the page's address forces, as in `?way=pictures`; null if none. */
export function forcedWay(search: string): Way | null {
  const way = new URLSearchParams(search).get('way');
  return way === 'pictures' || way === 'layers' || way === 'keypoints' ? way : null;
}

/** Wait until the page has nothing urgent to do: the first pictures come before the check. */
function idle(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof requestIdleCallback === 'function') requestIdleCallback(() => resolve(), { timeout: 1500 });
    else setTimeout(resolve, 200);
  });
}
