/** The form that generates clips from the portrait or from words, and the panel that shows them. */
import { randomSeed, type VideoDone, type VideoInfo, type VideoRequest } from '../net/video-api.ts';
import type { KeptPicture } from '../portrait/kept-picture.ts';
import { type Clip, cellsOf } from '../stage/clip.ts';
import { decodeBase64, gridCanvas, toBase64 } from '../ui/canvas.ts';
import { choiceControl } from '../ui/controls.ts';
import { h, icon, reveal, setText } from '../ui/dom.ts';
import { CaptionChips } from './caption-chips.ts';
import { captionClip } from './caption-clip.ts';
import { ClipPanel } from './clip-panel.ts';
import { SendConsent } from './send-consent.ts';
import { VideoJob } from './video-job.ts';
import { aboutVideoModel } from './video-model-text.ts';
import { VideoSettings } from './video-settings.ts';

const START_LABELS: Record<string, string> = { portrait: 'The portrait', words: 'Words only' };
/** Phrases in a caption. */
const MAX_PHRASES = 3;

/** What the clips start from: the leading tile and its name, and the known frame if there is one. */
type Start = { lead: Clip; name: string; frame: HTMLCanvasElement | null };

export class VideoForm {
  readonly element: HTMLElement;
  readonly #note = h('p', { class: 'row-note' });
  readonly #unavailable = h('p', { class: 'video-text', hidden: true });
  readonly #chips = new CaptionChips('What the face does', MAX_PHRASES);
  readonly #settings = new VideoSettings();
  readonly #generateButton = h('button', { type: 'submit', class: 'generate' }, icon('M8 5v14l11-7z'), 'Generate');
  readonly #othersButton = h(
    'button',
    { type: 'button', class: 'quiet', title: 'Generate other clips with the same settings', hidden: true },
    'Generate others',
  );
  readonly #panel = new ClipPanel('', 'Video model');
  readonly #form: HTMLFormElement;
  readonly #job: VideoJob;
  readonly #consent = new SendConsent();
  #info: VideoInfo | null = null;
  #startFrom = 'portrait';
  #seed = randomSeed();
  #bitmap: ImageBitmap | null = null;

  /**
   * @param portrait returns the cropped portrait in use.
   * @param kept returns the user's picture if only this page has it.
   * @param announce has screen readers say a text.
   */
  constructor(
    private readonly portrait: () => HTMLImageElement | null,
    private readonly kept: () => KeptPicture | null,
    private readonly announce: (text: string) => void,
  ) {
    this.#job = new VideoJob(announce, () => void this.generate());
    const startFrom = choiceControl(
      'video-from',
      'Start from',
      'What the clips start from',
      Object.keys(START_LABELS),
      (value) => {
        this.#startFrom = value;
      },
      (option) => START_LABELS[option] ?? option,
    );
    startFrom.show(this.#startFrom);
    this.#chips.element.addEventListener('change', () => this.#settings.enableGuidance(this.#chips.chosen.length > 0));
    this.#othersButton.addEventListener('click', () => {
      if (!this.#job.running) this.#seed = randomSeed();
      void this.generate();
    });
    this.#form = h(
      'form',
      { class: 'card video-form' },
      startFrom.element,
      this.#chips.element,
      this.#settings.element,
      h('div', { class: 'video-actions' }, this.#generateButton, this.#othersButton, this.#job.element),
    );
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.generate();
    });
    this.element = h(
      'section',
      { class: 'video-section video-form-section', 'aria-labelledby': 'studio-title', hidden: true },
      h('header', {}, h('h2', { id: 'studio-title' }, 'Video from a picture or from words'), this.#note),
      this.#unavailable,
      this.#form,
      this.#consent.question.element,
      this.#panel.element,
      aboutVideoModel(),
    );
  }

  /** Take what the server offers, or why it has no video model. */
  setVideoInfo(info: VideoInfo): void {
    this.#info = info;
    this.element.hidden = false;
    this.#form.hidden = !info.available;
    this.#unavailable.hidden = info.available;
    setText(this.#unavailable, `Not available here: ${info.why}`);
    if (!info.available) return;
    this.#chips.list(info.captions);
    this.#settings.setVideoInfo(info);
    this.#settings.enableGuidance(false);
  }

  /** Generate clips with the present settings. */
  async generate(): Promise<void> {
    const info = this.#info;
    if (!info?.available) return;
    if (this.#job.running) {
      this.announce('Still generating: wait until it is done, or cancel it.');
      return;
    }
    const caption = this.#chips.chosen;
    const start = this.#start(info, caption);
    if (!start) {
      this.#job.showError(
        new Error('The portrait has not loaded yet. Try again in a moment, or start from words only.'),
      );
      return;
    }
    const what = `your portrait, reduced to ${info.size} x ${info.size} pixels`;
    const kept = start.frame ? this.kept() : null;
    if (kept && !(await this.#consent.allows(kept, what))) return;
    const { count, steps, guidance, temperature } = this.#settings.values;
    this.#bitmap?.close();
    this.#bitmap = null;
    setText(this.#note, '');
    this.#panel.row.lead.rename(start.name, '');
    const names = Array.from({ length: count }, (_, i) => `Clip ${i + 1}`);
    this.#panel.showWaiting(names, '', start.lead, info.rate);
    reveal(this.#panel.element);
    this.#setBusy(true);
    const done = await this.#job.run(
      count === 1 ? '1 clip' : `${count} clips`,
      async (): Promise<VideoRequest> => ({
        task: start.frame ? 'futures' : 'imagine',
        frames: start.frame ? await toBase64(start.frame) : '',
        count,
        steps,
        caption: caption.join(', '),
        guidance,
        temperature,
        seed: this.#seed,
      }),
    );
    this.#setBusy(false);
    if (done) await this.#show(start, caption, done).catch((error: unknown) => this.#job.showError(error));
    else {
      this.#panel.hide();
      setText(this.#note, 'No video was generated.');
    }
  }

  #start({ size }: VideoInfo, caption: string[]): Start | null {
    if (this.#startFrom === 'words') {
      const lead = captionClip(caption.length > 0 ? caption : ['any motion']);
      return { lead, name: 'Caption', frame: null };
    }
    const image = this.portrait();
    if (!image) return null;
    const known = gridCanvas(1, 1, size);
    known.imageSmoothingQuality = 'high';
    known.drawImage(image, 0, 0, size, size);
    // The tile shows the portrait at its full size.
    const shown = gridCanvas(1, 1, image.naturalWidth);
    shown.drawImage(image, 0, 0, image.naturalWidth, image.naturalWidth);
    const lead = cellsOf(shown.canvas, 0, 1, image.naturalWidth);
    return { lead, name: 'The portrait', frame: known.canvas };
  }

  async #show(start: Start, caption: string[], done: VideoDone): Promise<void> {
    const bitmap = await decodeBase64(done.sheet);
    this.#bitmap = bitmap;
    const before = start.frame ? cellsOf(start.frame, 0, 1, start.frame.width) : [];
    const futures = Array.from({ length: done.rows }, (_, row) => [
      ...before,
      ...cellsOf(bitmap, row, done.columns, done.tile),
    ]);
    this.#panel.play({ lead: start.lead, futures, known: before.length, rate: done.rate });
    const text = caption.length > 0 ? `${caption.join(', ')}: generated` : 'Generated';
    setText(this.#note, `${text} in ${done.seconds.toFixed(1)} s, seed ${this.#seed}`);
    this.#othersButton.hidden = false;
  }

  #setBusy(busy: boolean): void {
    for (const button of [this.#generateButton, this.#othersButton]) button.setAttribute('aria-disabled', String(busy));
  }
}
