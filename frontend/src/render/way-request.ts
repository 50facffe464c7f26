/**
 * Asks the server for the way in which it sends sheets. While the page is hidden it asks for keypoints, whatever draws the
 * tiles: nothing is drawn then, and the server has nothing to render.
 */
import type { Way } from '../net/protocol.ts';

export class WayRequest {
  /** What a session starts with. */
  #wanted: Way = 'pictures';

  constructor(private readonly send: (way: Way) => void) {
    document.addEventListener('visibilitychange', () => this.#send());
  }

  /** Ask for a way; in a hidden page, from the moment when it is back. */
  ask(way: Way): void {
    this.#wanted = way;
    this.#send();
  }

  /** Begin with a new session. */
  restart(): void {
    this.#wanted = 'pictures';
    if (document.hidden) this.#send();
  }

  #send(): void {
    this.send(document.hidden ? 'keypoints' : this.#wanted);
  }
}
