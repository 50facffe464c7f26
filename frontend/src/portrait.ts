/** The picture that is driven: the bundled one, or a person's own, by button, drop or paste. */
import { ApiError, deletePortrait, getPortrait, putPortrait } from './api.ts';
import { h, icon, setText } from './dom.ts';

/** The server's own limit; said here first so that nobody uploads 50 MB to be refused. */
const LARGEST_BYTES = 12 * 1024 * 1024;

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
  /** The person's own picture, kept to hand it in again should the server have lost the session. */
  #own: Blob | null = null;
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

  get own(): boolean {
    return this.#own !== null;
  }

  /** The session that portraits belong to; a fresh one has only the bundled portrait. */
  async attach(session: string, fresh: boolean): Promise<void> {
    this.#session = session;
    if (fresh && this.#own) await this.use(this.#own);
    else await this.refresh();
  }

  /** Hand a picture in; what is wrong with it appears beside the picture. */
  async use(picture: Blob): Promise<void> {
    await this.#change(async (session) => {
      if (picture.size > LARGEST_BYTES) {
        throw new ApiError(
          413,
          'portrait_too_large',
          'The picture is larger than 12 MB.',
          'Save a smaller copy and try that.',
        );
      }
      await putPortrait(session, picture);
      this.#own = picture;
    });
  }

  /** Back to the bundled portrait. */
  async undo(): Promise<void> {
    await this.#change(async (session) => {
      await deletePortrait(session);
      this.#own = null;
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

  async #change(action: (session: string) => Promise<void>): Promise<void> {
    if (!this.#session) return;
    this.#error.hidden = true;
    this.element.setAttribute('aria-busy', 'true');
    this.changing = true;
    this.#choose.disabled = true;
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
    }
  }

  #describe(): void {
    this.#undo.hidden = !this.#own;
    setText(
      this.#note,
      this.#own
        ? 'Your picture. It stays in the server’s memory only, and goes with this page.'
        : 'Any picture of one face: upload, drop or paste it.',
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
