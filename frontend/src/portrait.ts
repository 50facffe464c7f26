/** The picture that is driven: one that comes along, or a person's own, by button, drop or paste. */
import { ApiError, choosePortrait, deletePortrait, getPortrait, getPortraits, putPortrait } from './api.ts';
import { h, icon, setText } from './dom.ts';
import { PortraitGallery } from './portrait-gallery.ts';

/** The server's own limit; said here first so that nobody uploads 50 MB to be refused. */
const LARGEST_BYTES = 12 * 1024 * 1024;

/** What was chosen: a person's own picture, a bundled one's name, or null for what a session starts with. */
type Choice = Blob | string | null;

export class PortraitPicker {
  readonly element: HTMLElement;
  readonly #image = h('img', { alt: 'The portrait in use', width: 72, height: 72 });
  readonly #error = h('p', { class: 'notice error', role: 'alert', hidden: true });
  readonly #note = h('p', { class: 'card-note' });
  readonly #file = h('input', {
    type: 'file',
    accept: 'image/*',
    class: 'visually-hidden',
    tabindex: -1,
    'aria-label': 'Portrait file',
  });
  readonly #choose = h('button', { type: 'button' }, icon('M12 16V5M7 9.5 12 4.5l5 5M5 19.5h14'), 'Upload');
  readonly #undo = h(
    'button',
    { type: 'button', class: 'quiet', hidden: true },
    icon('M9 7 4.5 11.5 9 16M5 11.5h9a5 5 0 0 1 0 10h-2'),
    'Undo',
  );
  readonly #drop = h('div', { class: 'drop', hidden: true }, h('p', {}, 'Drop a picture of one face'));
  readonly #gallery = new PortraitGallery((name) => void this.choose(name));
  /** What is in use, kept to hand it in again should the server have lost the session. */
  #choice: Choice = null;
  /** What was in use before, the latest last: where Undo goes back to. */
  #before: Choice[] = [];
  #first: string | null = null;
  #url: string | null = null;
  #session: string | null = null;
  /** A change is under way: the next epoch shows another portrait. */
  changing = false;

  constructor() {
    this.element = h(
      'section',
      { class: 'card portrait', 'aria-labelledby': 'portrait-title' },
      h('header', {}, h('h2', { id: 'portrait-title' }, 'Portrait')),
      h(
        'div',
        { class: 'portrait-row' },
        this.#image,
        h('div', {}, this.#note, h('div', { class: 'buttons' }, this.#choose, this.#undo)),
      ),
      this.#gallery.element,
      this.#error,
      this.#file,
    );
    this.#choose.addEventListener('click', () => this.#file.click());
    this.#file.addEventListener('change', () => {
      const file = this.#file.files?.[0];
      this.#file.value = '';
      if (file) void this.use(file);
    });
    this.#undo.addEventListener('click', () => void this.undo());
    document.body.append(this.#drop);
    this.#listen();
    this.#describe();
  }

  /** Whether a fresh session has to be told what to show. */
  get own(): boolean {
    return this.#choice !== null;
  }

  /** The portrait as the stage frames it; null until it has come. */
  get picture(): HTMLImageElement | null {
    return this.#image.complete && this.#image.naturalWidth > 0 ? this.#image : null;
  }

  /** The session that portraits belong to; a fresh one has only the bundled portrait. */
  async attach(session: string, fresh: boolean): Promise<void> {
    this.#session = session;
    void this.#list();
    const choice = this.#choice;
    if (fresh && choice !== null) await this.#change((id) => this.#apply(id, choice));
    else await this.refresh();
  }

  /** Hand a picture in; what is wrong with it appears beside the picture. */
  async use(picture: Blob): Promise<void> {
    await this.#take(picture);
  }

  /** Animate one of the portraits that come along. */
  async choose(name: string): Promise<void> {
    const choice = name === this.#first ? null : name;
    if (choice !== this.#choice && !this.changing) await this.#take(choice);
  }

  /** Back to what was there before. */
  async undo(): Promise<void> {
    const choice = this.#before.at(-1);
    if (choice === undefined) return;
    await this.#change(async (session) => {
      await this.#apply(session, choice);
      this.#before.pop();
      this.#choice = choice;
    });
  }

  /** Show the cropped portrait that the server uses. */
  async refresh(): Promise<void> {
    if (!this.#session) return;
    try {
      const url = URL.createObjectURL(await getPortrait(this.#session));
      if (this.#url) URL.revokeObjectURL(this.#url);
      this.#url = url;
      this.#image.src = url;
    } catch {
      // The connection's own status tells of a server that is gone.
    }
    this.#describe();
  }

  async #take(choice: Choice): Promise<void> {
    await this.#change(async (session) => {
      await this.#apply(session, choice);
      this.#before = [...this.#before, this.#choice].slice(-20);
      this.#choice = choice;
    });
  }

  async #apply(session: string, choice: Choice): Promise<void> {
    if (choice === null) return deletePortrait(session);
    if (typeof choice === 'string') return choosePortrait(session, choice);
    if (choice.size > LARGEST_BYTES) {
      throw new ApiError(
        413,
        'portrait_too_large',
        'The picture is larger than 12 MB.',
        'Save a smaller copy and try that.',
      );
    }
    await putPortrait(session, choice);
  }

  /** Fetched once; without it, the page still takes a person's own picture. */
  async #list(): Promise<void> {
    if (this.#first !== null) return;
    try {
      const portraits = await getPortraits();
      this.#first = portraits[0]?.name ?? null;
      this.#gallery.list(portraits);
    } catch {
      // The next connection tries again.
    }
    this.#describe();
  }

  async #change(action: (session: string) => Promise<void>): Promise<void> {
    if (!this.#session) return;
    this.#error.hidden = true;
    this.element.setAttribute('aria-busy', 'true');
    this.changing = true;
    this.#choose.disabled = true;
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
      this.#choose.disabled = false;
      this.#gallery.disabled = false;
    }
  }

  #describe(): void {
    const own = this.#choice instanceof Blob;
    this.#undo.hidden = this.#before.length === 0;
    this.#gallery.mark(own ? null : ((this.#choice as string | null) ?? this.#first));
    setText(
      this.#note,
      own
        ? 'Your picture. It stays in the server’s memory only, and goes with this page.'
        : 'Any picture of one face: upload, drop or paste it. Or take one of these.',
    );
  }

  #listen(): void {
    const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false;
    window.addEventListener('dragover', (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      this.#drop.hidden = false;
    });
    window.addEventListener('dragleave', (event) => {
      if (event.relatedTarget === null) this.#drop.hidden = true;
    });
    window.addEventListener('drop', (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      this.#drop.hidden = true;
      const file = event.dataTransfer?.files[0];
      if (file) void this.use(file);
    });
    window.addEventListener('paste', (event) => {
      const file = [...(event.clipboardData?.files ?? [])].find((candidate) => candidate.type.startsWith('image/'));
      if (file) void this.use(file);
    });
  }
}
