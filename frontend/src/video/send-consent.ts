/** Asks before pictures of a portrait that is kept in this browser are sent to the video model. */
import type { KeptPicture } from '../portrait/kept-picture.ts';
import { reveal } from '../ui/dom.ts';
import { Question } from '../ui/question.ts';

export class SendConsent {
  readonly question = new Question();
  #given: KeptPicture | null = null;

  /**
   * Return whether pictures may be sent; the user is asked once for each portrait that is kept here.
   *
   * @param kept the portrait that they show.
   * @param what says in words what is sent.
   */
  async allows(kept: KeptPicture, what: string): Promise<boolean> {
    if (kept === this.#given) return true;
    const text = `Your picture is kept in this browser. The video model runs on the server ${location.host} and needs ${what}. The server keeps that in memory until the clips are done, and then deletes it.`;
    const answer = this.question.ask(text, ['Send and generate', 'Do not send']);
    reveal(this.question.element);
    if ((await answer) !== 0) return false;
    this.#given = kept;
    return true;
  }
}
