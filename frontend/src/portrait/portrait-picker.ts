/** The card of the portrait: shows the one in use, takes the user's own picture or a bundled one, and undoes a choice. */
import {
  ApiError,
  choosePortrait,
  deletePortrait,
  getPortrait,
  getPortraits,
  putLandmarks,
  putPortrait,
} from '../net/api.ts';
import { DEFAULT_MAX_PORTRAIT_BYTES } from '../net/schema.ts';
import { h, icon, setText } from '../ui/dom.ts';
import { Question } from '../ui/question.ts';
import { KeepSwitch } from './keep-switch.ts';
import { type KeepPicture, KeptPicture } from './kept-picture.ts';
import { PictureInput } from './picture-input.ts';
import { PortraitGallery } from './portrait-gallery.ts';

/** The user's own picture, sent or kept here, the name of a bundled one, or null for the portrait that a session starts with. */
type Choice = Blob | KeptPicture | string | null;

const INVITATION = 'Upload, drop or paste a picture of one face, or choose one of these.';
const HERE = 'Only this browser has it.';
const THERE = 'The server keeps it in memory only, and deletes it soon after you close this page.';
const STOPPED = 'Your browser stopped drawing. Your picture is still only here.';

export class PortraitPicker {
  readonly element: HTMLElement;
  readonly #image = h('img', { alt: 'The portrait in use', width: 72, height: 72 });
  readonly #error = h('p', { class: 'notice error', role: 'alert', hidden: true });
  readonly #note = h('p', { class: 'card-note' });
  readonly #input = new PictureInput((picture) => void this.use(picture));
  readonly #undo = h(
    'button',
    { type: 'button', class: 'quiet', hidden: true },
    icon('M9 7 4.5 11.5 9 16M5 11.5h9a5 5 0 0 1 0 10h-2'),
    'Undo',
  );
  readonly #gallery = new PortraitGallery((name) => void this.choose(name));
  readonly keepSwitch = new KeepSwitch((on) => void this.#move(on));
  /** Asks for the picture when this browser stopped drawing it; for the top of the page. */
  readonly question = new Question();
  /** The portrait in use, kept to send it again if the server has lost the session. */
  #choice: Choice = null;
  /** Earlier portraits for Undo, the latest last. */
  #earlier: Choice[] = [];
  /** The picture of which the server has only the landmarks. */
  #kept: KeptPicture | null = null;
  /** Name of the portrait that a session starts with. */
  #defaultName: string | null = null;
  #url: string | null = null;
  #session: string | null = null;
  /** The server's limit of a file's size: checked here before anything is uploaded. */
  maxBytes = DEFAULT_MAX_PORTRAIT_BYTES;
  /** True during a change. */
  changing = false;
  /** Whether the server's next epoch shows another portrait. Its message may come later than the answer to the change. */
  #awaited = false;

  /** `keep` makes a portrait of a file without the server. */
  constructor(private readonly keep: KeepPicture) {
    this.element = h(
      'section',
      { class: 'card portrait', 'aria-labelledby': 'portrait-title' },
      h('header', { title: 'The picture that is moved' }, h('h2', { id: 'portrait-title' }, 'Portrait')),
      h(
        'div',
        { class: 'portrait-row' },
        this.#image,
        h('div', {}, this.#note, h('div', { class: 'buttons' }, this.#input.button, this.#undo)),
      ),
      this.#gallery.element,
      this.keepSwitch.element,
      this.#error,
      this.#input.file,
    );
    this.#undo.addEventListener('click', () => void this.undo());
    this.#update();
  }

  /** Whether a new session has to be sent the portrait, because it is not the default one. */
  get hasChoice(): boolean {
    return this.#choice !== null;
  }

  /** The cropped portrait in use; null until it has loaded. */
  get picture(): HTMLImageElement | null {
    return this.#image.complete && this.#image.naturalWidth > 0 ? this.#image : null;
  }

  /** The user's picture if only this page has it. */
  get kept(): KeptPicture | null {
    return this.#kept;
  }

  /** Ask what to do while this browser cannot draw a picture that it keeps; `stopped` is false when it can again. */
  async showStopped(stopped: boolean): Promise<void> {
    if (!stopped) this.question.withdraw();
    if (!stopped || this.question.open) return;
    const answer = await this.question.ask(STOPPED, ['Send my picture to the server', 'Use a built-in portrait']);
    if (answer === 0) {
      this.keepSwitch.turnOff();
      await this.#move(false);
    }
    if (answer === 1) await this.#apply(async () => null);
  }

  /** Return whether a new epoch of the server shows another portrait. */
  takeChange(): boolean {
    const changed = this.#awaited || this.changing;
    this.#awaited = false;
    return changed;
  }

  /** Connect to a session. A `fresh` one starts with the default portrait and is sent the chosen one. */
  async attach(session: string, fresh: boolean): Promise<void> {
    this.#session = session;
    void this.#loadGallery();
    const choice = this.#choice;
    if (fresh) this.#kept = null;
    if (fresh && choice !== null) await this.#change((id) => this.#send(id, choice));
    else await this.refresh();
  }

  /** Use the user's own picture: it is sent, or kept here. Errors appear in the card. */
  async use(picture: Blob): Promise<void> {
    const possible = this.keepSwitch.obstacle === null;
    await this.#apply(async () => {
      this.#checkSize(picture);
      if (await this.keepSwitch.decided()) return this.keep(picture);
      const { obstacle } = this.keepSwitch;
      if (possible && obstacle !== null) {
        const hint = 'It was not sent. Choose it again to send it to the server.';
        throw new ApiError(0, 'portrait_not_kept', `Your picture cannot be kept here: ${obstacle}`, hint);
      }
      return picture;
    });
  }

  /** Use one of the bundled portraits. */
  async choose(name: string): Promise<void> {
    const choice = name === this.#defaultName ? null : name;
    if (choice !== this.#choice && !this.changing) await this.#apply(async () => choice);
  }

  /** Go back to the portrait before. */
  async undo(): Promise<void> {
    const choice = this.#earlier.at(-1);
    if (choice === undefined) return;
    await this.#change(async (session) => {
      const used = choice instanceof Blob && this.keepSwitch.on ? await this.keep(choice) : choice;
      await this.#send(session, used);
      this.#earlier.pop();
      this.#choice = used;
    });
  }

  /** Show the portrait as it is cropped, here or by the server. */
  async refresh(): Promise<void> {
    if (!this.#session) return;
    try {
      const url = URL.createObjectURL(await (this.#kept?.toFile() ?? getPortrait(this.#session)));
      if (this.#url) URL.revokeObjectURL(this.#url);
      this.#url = url;
      this.#image.src = url;
    } catch {
      // A missing server is shown by the status of the connection.
    }
    this.#update();
  }

  async #apply(choose: () => Promise<Choice>): Promise<void> {
    await this.#change(async (session) => {
      const choice = await choose();
      await this.#send(session, choice);
      this.#earlier = [...this.#earlier, this.#choice].slice(-20);
      this.#choice = choice;
    });
  }

  /** Send the user's picture in use to the server, or keep it here from now on. */
  async #move(here: boolean): Promise<void> {
    const choice = this.#choice;
    const moves = here ? choice instanceof Blob && this.keepSwitch.on : choice instanceof KeptPicture;
    if (!moves) return;
    await this.#change(async (session) => {
      if (!here) setText(this.#note, 'Your picture is sent to the server now.');
      const moved = choice instanceof KeptPicture ? await choice.toFile() : await this.keep(choice as Blob);
      await this.#send(session, moved);
      this.#choice = moved;
    });
  }

  async #send(session: string, choice: Choice): Promise<void> {
    const before = this.#kept;
    // Before the server answers: its next epoch may come first.
    this.#kept = choice instanceof KeptPicture ? choice : null;
    try {
      if (choice === null) await deletePortrait(session);
      else if (typeof choice === 'string') await choosePortrait(session, choice);
      else if (choice instanceof KeptPicture) await putLandmarks(session, choice.landmarks);
      else await putPortrait(session, choice);
    } catch (error) {
      this.#kept = before;
      throw error;
    }
    if (!this.#kept) this.question.withdraw();
  }

  #checkSize({ size }: Blob): void {
    if (size <= this.maxBytes) return;
    const message = `The picture is larger than ${Math.floor(this.maxBytes / 1e6)} MB.`;
    throw new ApiError(413, 'portrait_too_large', message, 'Save a smaller copy and try that.');
  }

  /** Load the list of bundled portraits once; without it, the page still takes the user's own picture. */
  async #loadGallery(): Promise<void> {
    if (this.#defaultName !== null) return;
    try {
      const portraits = await getPortraits();
      this.#defaultName = portraits[0]?.name ?? null;
      this.#gallery.list(portraits);
    } catch {
      // It is tried again at the next connection.
    }
    this.#update();
  }

  async #change(action: (session: string) => Promise<void>): Promise<void> {
    if (!this.#session) return;
    this.#error.hidden = true;
    this.element.setAttribute('aria-busy', 'true');
    this.changing = true;
    this.#awaited = true;
    this.#input.button.disabled = true;
    this.#gallery.disabled = true;
    try {
      await action(this.#session);
      await this.refresh();
    } catch (error) {
      this.#awaited = false;
      const hint = (error as Partial<ApiError>).hint ?? '';
      setText(this.#error, `${error instanceof Error ? error.message : 'That did not work.'} ${hint}`.trim());
      this.#error.dataset.code = (error as Partial<ApiError>).code ?? '';
      this.#error.hidden = false;
      this.#update();
    } finally {
      this.element.removeAttribute('aria-busy');
      this.changing = false;
      this.#input.button.disabled = false;
      this.#gallery.disabled = false;
    }
  }

  #update(): void {
    const own = this.#choice instanceof Blob || this.#choice instanceof KeptPicture;
    this.keepSwitch.inUse = this.#kept !== null;
    this.#undo.hidden = this.#earlier.length === 0;
    this.#gallery.mark(own ? null : ((this.#choice as string | null) ?? this.#defaultName));
    const where = this.#kept ? HERE : THERE;
    setText(this.#note, own ? `Your picture. ${where}` : INVITATION);
  }
}
