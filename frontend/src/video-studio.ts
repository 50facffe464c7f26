/** Video from a picture or from words: what to draw, and the clips that come of it. */
import { CaptionChips } from './caption-chips.ts';
import { type Clip, cellsOf } from './clip.ts';
import { choice } from './controls.ts';
import { h, icon, reveal, setText } from './dom.ts';
import { base64Of, canvasOf, pictureOf } from './pictures.ts';
import { ReelPanel } from './reel-panel.ts';
import { anySeed, type VideoDone, type VideoInfo, type VideoRequest } from './video-api.ts';
import { VideoJob } from './video-job.ts';
import { aboutTheModel } from './video-model-words.ts';
import { VideoSettings } from './video-settings.ts';
import { wordsPicture } from './words-picture.ts';

const FROM: Record<string, string> = { portrait: 'The portrait', words: 'Words alone' };
const MOST_WORDS = 3;

/** What a drawing starts from: the first tile, its name, and the known frame if there is one. */
type Start = { lead: Clip; name: string; picture: HTMLCanvasElement | null };

export class VideoStudio {
  readonly element: HTMLElement;
  readonly #note = h('p', { class: 'band-note' });
  readonly #why = h('p', { class: 'flow-words', hidden: true });
  readonly #chips = new CaptionChips('What the face does', MOST_WORDS);
  readonly #settings = new VideoSettings();
  readonly #draw = h('button', { type: 'submit', class: 'draw' }, icon('M8 5v14l11-7z'), 'Draw');
  readonly #others = h(
    'button',
    { type: 'button', class: 'quiet', title: 'The same wishes with other noise: other clips', hidden: true },
    'Draw others',
  );
  readonly #panel = new ReelPanel('', 'Video flow');
  readonly #form: HTMLFormElement;
  readonly #job: VideoJob;
  #info: VideoInfo | null = null;
  #from = 'portrait';
  #seed = anySeed();
  #sheet: ImageBitmap | null = null;

  /** `portrait` is the picture in use, as the stage frames it; `say` speaks to screen readers. */
  constructor(
    private readonly portrait: () => HTMLImageElement | null,
    private readonly say: (words: string) => void,
  ) {
    this.#job = new VideoJob(say, () => void this.draw());
    const from = choice(
      'video-from',
      'Start from',
      'Where the clips begin',
      Object.keys(FROM),
      (value) => {
        this.#from = value;
      },
      (option) => FROM[option] ?? option,
    );
    from.show(this.#from);
    this.#chips.element.addEventListener('change', () => this.#settings.guided(this.#chips.chosen.length > 0));
    this.#others.addEventListener('click', () => {
      if (!this.#job.running) this.#seed = anySeed();
      void this.draw();
    });
    this.#form = h(
      'form',
      { class: 'card studio-form' },
      from.element,
      this.#chips.element,
      this.#settings.element,
      h('div', { class: 'studio-go' }, this.#draw, this.#others, this.#job.element),
    );
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.draw();
    });
    this.element = h(
      'section',
      { class: 'flow studio', 'aria-labelledby': 'studio-title', hidden: true },
      h('header', {}, h('h2', { id: 'studio-title' }, 'Video from a picture or from words'), this.#note),
      this.#why,
      this.#form,
      this.#panel.element,
      aboutTheModel(),
    );
  }

  /** Learn what the server can do, or why it cannot. */
  offer(info: VideoInfo): void {
    this.#info = info;
    this.element.hidden = false;
    this.#form.hidden = !info.available;
    this.#why.hidden = info.available;
    setText(this.#why, `Not available here: ${info.why}`);
    if (!info.available) return;
    this.#chips.list(info.captions);
    this.#settings.offer(info);
    this.#settings.guided(false);
  }

  async draw(): Promise<void> {
    const info = this.#info;
    if (!info?.available) return;
    if (this.#job.running) {
      this.say('Still drawing: let it finish, or cancel it first.');
      return;
    }
    const caption = this.#chips.chosen;
    const start = this.#start(info, caption);
    if (!start) {
      this.#job.fail(new Error('The portrait has not come yet: try again in a moment, or start from words alone.'));
      return;
    }
    const { count, steps, guidance, temperature } = this.#settings.values;
    this.#sheet?.close();
    this.#sheet = null;
    setText(this.#note, '');
    this.#panel.band.lead.rename(start.name, '');
    const names = Array.from({ length: count }, (_, i) => `Clip ${i + 1}`);
    this.#panel.await(names, '', start.lead, info.rate);
    reveal(this.#panel.element);
    this.#busy(true);
    const what = count === 1 ? '1 clip' : `${count} clips`;
    const done = await this.#job.run(
      what,
      async (): Promise<VideoRequest> => ({
        task: start.picture ? 'futures' : 'imagine',
        frames: start.picture ? await base64Of(start.picture) : '',
        count,
        steps,
        caption: caption.join(', '),
        guidance,
        temperature,
        seed: this.#seed,
      }),
    );
    this.#busy(false);
    if (done) await this.#show(start, caption, done).catch((error: unknown) => this.#job.fail(error));
    else {
      this.#panel.hide();
      setText(this.#note, 'Nothing was drawn.');
    }
  }

  #start({ size }: VideoInfo, caption: string[]): Start | null {
    if (this.#from === 'words') {
      const lead = wordsPicture(caption.length > 0 ? caption : ['anything']);
      return { lead, name: 'In words', picture: null };
    }
    const image = this.portrait();
    if (!image) return null;
    const known = canvasOf(1, 1, size);
    known.imageSmoothingQuality = 'high';
    known.drawImage(image, 0, 0, size, size);
    // What the tile shows keeps the portrait's own size.
    const shown = canvasOf(1, 1, image.naturalWidth);
    shown.drawImage(image, 0, 0, image.naturalWidth, image.naturalWidth);
    const lead = cellsOf(shown.canvas, 0, 1, image.naturalWidth);
    return { lead, name: 'The portrait', picture: known.canvas };
  }

  async #show(start: Start, caption: string[], done: VideoDone): Promise<void> {
    const sheet = await pictureOf(done.sheet);
    this.#sheet = sheet;
    const before = start.picture ? cellsOf(start.picture, 0, 1, start.picture.width) : [];
    const futures = Array.from({ length: done.rows }, (_, row) => [
      ...before,
      ...cellsOf(sheet, row, done.columns, done.tile),
    ]);
    this.#panel.play({ lead: start.lead, futures, known: before.length, rate: done.rate });
    const words = caption.length > 0 ? `${caption.join(', ')}: drawn` : 'Drawn';
    setText(this.#note, `${words} in ${done.seconds.toFixed(1)} s, seed ${this.#seed}`);
    this.#others.hidden = false;
  }

  #busy(busy: boolean): void {
    for (const button of [this.#draw, this.#others]) button.setAttribute('aria-disabled', String(busy));
  }
}
