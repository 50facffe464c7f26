/** Lets the user hand in a picture: by a file button, by dropping it on the page, or by pasting it. */
import { h, icon } from '../ui/dom.ts';

export class PictureInput {
  readonly button = h('button', { type: 'button' }, icon('M12 16V5M7 9.5 12 4.5l5 5M5 19.5h14'), 'Upload');
  readonly file = h('input', {
    type: 'file',
    accept: 'image/*',
    class: 'visually-hidden',
    tabindex: -1,
    'aria-label': 'Portrait file',
  });
  readonly #overlay = h('div', { class: 'drop', hidden: true }, h('p', {}, 'Drop a picture of one face'));

  /** `use` receives every picture. */
  constructor(private readonly use: (picture: Blob) => void) {
    this.button.addEventListener('click', () => this.file.click());
    this.file.addEventListener('change', () => {
      const file = this.file.files?.[0];
      // Without this, choosing the same file again would not be a change.
      this.file.value = '';
      if (file) this.use(file);
    });
    document.body.append(this.#overlay);
    this.#listen();
  }

  #listen(): void {
    const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false;
    window.addEventListener('dragover', (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      this.#overlay.hidden = false;
    });
    window.addEventListener('dragleave', (event) => {
      if (event.relatedTarget === null) this.#overlay.hidden = true;
    });
    window.addEventListener('drop', (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      this.#overlay.hidden = true;
      const file = event.dataTransfer?.files[0];
      if (file) this.use(file);
    });
    window.addEventListener('paste', (event) => {
      const file = [...(event.clipboardData?.files ?? [])].find((candidate) => candidate.type.startsWith('image/'));
      if (file) this.use(file);
    });
  }
}
