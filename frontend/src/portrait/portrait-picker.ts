/** The card of the portrait: shows the one in use, takes the user's own picture or a bundled one, and undoes a choice. */
import { ApiError, choosePortrait, deletePortrait, getPortrait, getPortraits, putPortrait } from '../net/api.ts';
import { DEFAULT_MAX_PORTRAIT_BYTES } from '../net/schema.ts';
import { h, icon, setText } from '../ui/dom.ts';
import { PictureInput } from './picture-input.ts';
import { PortraitGallery } from './portrait-gallery.ts';

/** The user's own picture, the name of a bundled one, or null for the portrait that a session starts with. */
type Choice = Blob | string | null;

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
  /** The portrait in use, kept to send it again if the server has lost the session. */
  #choice: Choice = null;
  /** Earlier portraits for Undo, the latest last. */
  #earlier: Choice[] = [];
  /** Name of the portrait that a session starts with. */
  #defaultName: string | null = null;
  #url: string | null = null;
  #session: string | null = null;
  /** The server's limit of a file's size: checked here before anything is uploaded. */
  maxBytes = DEFAULT_MAX_PORTRAIT_BYTES;
  /** True during a change: the server's next epoch shows another portrait. */
  changing = false;

  constructor() {
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

  /** Connect to a session. A `fresh` one starts with the default portrait and is sent the chosen one. */
  async attach(session: string, fresh: boolean): Promise<void> {
    this.#session = session;
    void this.#loadGallery();
    const choice = this.#choice;
    if (fresh && choice !== null) await this.#change((id) => this.#send(id, choice));
    else await this.refresh();
  }

  /** Send the user's own picture. Errors appear in the card. */
  async use(picture: Blob): Promise<void> {
    await this.#apply(picture);
  }

  /** Use one of the bundled portraits. */
  async choose(name: string): Promise<void> {
    const choice = name === this.#defaultName ? null : name;
    if (choice !== this.#choice && !this.changing) await this.#apply(choice);
  }

  /** Go back to the portrait before. */
  async undo(): Promise<void> {
    const choice = this.#earlier.at(-1);
    if (choice === undefined) return;
    await this.#change(async (session) => {
      await this.#send(session, choice);
      this.#earlier.pop();
      this.#choice = choice;
    });
  }

  /** Show the portrait as the server has cropped it. */
  async refresh(): Promise<void> {
    if (!this.#session) return;
    try {
      const url = URL.createObjectURL(await getPortrait(this.#session));
      if (this.#url) URL.revokeObjectURL(this.#url);
      this.#url = url;
      this.#image.src = url;
    } catch {
      // A missing server is shown by the status of the connection.
    }
    this.#update();
  }

  async #apply(choice: Choice): Promise<void> {
    await this.#change(async (session) => {
      await this.#send(session, choice);
      this.#earlier = [...this.#earlier, this.#choice].slice(-20);
      this.#choice = choice;
    });
  }

  async #send(session: string, choice: Choice): Promise<void> {
    if (choice === null) return deletePortrait(session);
    if (typeof choice === 'string') return choosePortrait(session, choice);
    if (choice.size > this.maxBytes) {
      const message = `The picture is larger than ${Math.floor(this.maxBytes / 1e6)} MB.`;
      throw new ApiError(413, 'portrait_too_large', message, 'Save a smaller copy and try that.');
    }
    await putPortrait(session, choice);
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
    this.#input.button.disabled = true;
    this.#gallery.disabled = true;
    try {
      await action(this.#session);
      await this.refresh();
    } catch (error) {
      const hint = error instanceof ApiError ? error.hint : '';
      setText(this.#error, `${error instanceof Error ? error.message : 'That did not work.'} ${hint}`.trim());
      this.#error.dataset.code = error instanceof ApiError ? error.code : '';
      this.#error.hidden = false;
    } finally {
      this.element.removeAttribute('aria-busy');
      this.changing = false;
      this.#input.button.disabled = false;
      this.#gallery.disabled = false;
    }
  }

  #update(): void {
    const own = this.#choice instanceof Blob;
    this.#undo.hidden = this.#earlier.length === 0;
    this.#gallery.mark(own ? null : ((this.#choice as string | null) ?? this.#defaultName));
    setText(
      this.#note,
      own
        ? 'Your picture. The server keeps it in memory only, and deletes it soon after you close this page.'
        : 'Upload, drop or paste a picture of one face, or choose one of these.',
    );
  }
}
