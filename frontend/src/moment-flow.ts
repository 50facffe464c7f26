/** The video flow on the stage: a frozen moment, its drawn futures, and what really happened beside them. */
import { type Clip, cellsOf } from './clip.ts';
import { h, icon, reveal, setText } from './dom.ts';
import { FrameRing } from './frame-ring.ts';
import type { Frame } from './generation-store.ts';
import { Moment } from './moment.ts';
import { base64Of, canvasOf, pictureOf, pixelsOf, Shrinker, stripOf } from './pictures.ts';
import { judge, percentOf, pixelSentence } from './pixel-verdict.ts';
import type { SheetHead } from './protocol.ts';
import { ReelPanel } from './reel-panel.ts';
import { anySeed, type VideoDone, type VideoInfo } from './video-api.ts';
import { VideoJob } from './video-job.ts';

const FREEZE = 'M12 3v18M4.2 7.5l15.6 9M19.8 7.5l-15.6 9M9.5 4.5 12 7l2.5-2.5M9.5 19.5 12 17l2.5 2.5';
const WORDS =
  'Freeze a moment, and a small video model draws how it may go on: not keypoints that move the portrait, but the pixels themselves.';

type Offer = { info: VideoInfo; shrinker: Shrinker; ring: FrameRing<ImageData> };
/** A moment on the screen; `truth` is a strip that fills as it happens. */
type Frozen = { moment: Moment<ImageData>; known: HTMLCanvasElement; truth: CanvasRenderingContext2D; count: number };

export class MomentFlow {
  readonly element: HTMLElement;
  /** For the stage's tools. */
  readonly stageButton = freezeButton('quiet', true);
  readonly #button = freezeButton('', false);
  readonly #others = h('button', { type: 'button', class: 'quiet', hidden: true }, 'Draw others');
  readonly #words = h('p', { class: 'flow-words' }, WORDS);
  readonly #note = h('p', { class: 'band-note' });
  readonly #coarse = h('p', { class: 'flow-words', hidden: true });
  readonly #panel = new ReelPanel('What happened', 'Video flow: a frozen moment');
  readonly #job: VideoJob;
  #offer: Offer | null = null;
  #frozen: Frozen | null = null;
  #done: { futures: Clip[]; sheet: ImageBitmap } | null = null;

  /** `count` says how many futures the stage shows; `say` speaks to screen readers. */
  constructor(
    private readonly count: () => number,
    private readonly say: (words: string) => void,
  ) {
    this.#job = new VideoJob(say, () => void this.#draw());
    for (const button of [this.stageButton, this.#button]) button.addEventListener('click', () => this.freeze());
    this.#others.addEventListener('click', () => void this.#draw());
    const tools = h('div', { class: 'tools' }, this.#others, this.#button);
    this.element = h(
      'section',
      { class: 'flow', 'aria-labelledby': 'flow-title', hidden: true },
      h('header', {}, h('h2', { id: 'flow-title' }, 'Video flow: a frozen moment'), this.#note, tools),
      this.#words,
      this.#job.element,
      this.#panel.element,
      this.#coarse,
    );
  }

  /** Learn what the server can do; without weights there is nothing to press. */
  offer(info: VideoInfo): void {
    const { available, size, context } = info;
    this.#offer = available ? { info, shrinker: new Shrinker(size), ring: new FrameRing(context) } : null;
    this.element.hidden = !available;
    this.stageButton.hidden = !available;
  }

  /** Remember the present of a sheet that was drawn. */
  see(head: SheetHead, frame: Frame): void {
    if (!this.#offer) return;
    const { tile: side, columns, present } = frame;
    const [x, y] = [(present % columns) * side, Math.floor(present / columns) * side];
    const picture = this.#offer.shrinker.shrink({ sheet: frame.bitmap, x, y, side });
    this.#follow(this.#offer.ring.put(head.tick, head.t, picture));
  }

  /** The motion breaks off: another source, another portrait, or a new connection. */
  interrupt(): void {
    this.#offer?.ring.clear();
    this.#follow(null);
  }

  freeze(): void {
    if (!this.#offer) {
      this.say('The video flow is not available on this server.');
      return;
    }
    const { info, ring } = this.#offer;
    if (this.#job.running) {
      this.#tell('A moment is still being drawn: let it finish, or cancel it first.');
    } else if (ring.count < info.context) {
      const [all, some] = [info.context, ring.count];
      this.#tell(`Too early: futures are drawn from ${all} pictures of the portrait, and there are ${some} so far.`);
    } else {
      this.#keep(new Moment(ring.pictures, info.defaults.steps), info.context - ring.distinct);
      void this.#draw();
    }
    reveal(this.element);
  }

  #keep(moment: Moment<ImageData>, missed: number): void {
    const { info } = this.#offer as Offer;
    const count = Math.min(this.count(), info.most.count);
    const truth = canvasOf(moment.length, 1, info.size);
    this.#frozen = { moment, known: stripOf(moment.known), truth, count };
    this.#coarse.hidden = missed < 3;
    const words = `This machine drew only ${moment.known.length - missed} of the last ${moment.known.length} pictures: the model sees a jerky motion.`;
    setText(this.#coarse, words);
    setText(this.#note, '');
  }

  async #draw(): Promise<void> {
    const { info } = this.#offer ?? {};
    const frozen = this.#frozen;
    if (!info || !frozen) return;
    this.#forget();
    this.#words.hidden = true;
    const names = Array.from({ length: frozen.count }, (_, i) => `Future ${i + 1}`);
    this.#panel.await(names, 'video flow', this.#lead(frozen), info.rate);
    this.#busy(true);
    const { steps, guidance, temperature } = info.defaults;
    const what = frozen.count === 1 ? '1 future' : `${frozen.count} futures`;
    const done = await this.#job.run(what, async () => ({
      task: 'futures',
      frames: await base64Of(frozen.known),
      count: frozen.count,
      steps,
      caption: '',
      guidance,
      temperature,
      seed: anySeed(),
    }));
    this.#busy(false);
    if (this.#frozen !== frozen) return;
    this.#others.hidden = false;
    if (done) await this.#show(frozen, done).catch((error: unknown) => this.#job.fail(error));
    else {
      this.#panel.hide();
      setText(this.#note, 'Nothing was drawn.');
    }
  }

  async #show(frozen: Frozen, done: VideoDone): Promise<void> {
    const sheet = await pictureOf(done.sheet);
    const known = cellsOf(frozen.known, 0, frozen.moment.known.length, frozen.known.height);
    const rows = Array.from({ length: done.rows }, (_, row) => cellsOf(sheet, row, done.columns, done.tile));
    this.#done = { futures: rows, sheet };
    const futures = rows.map((row) => [...known, ...row]);
    this.#panel.play({ lead: this.#lead(frozen), futures, known: known.length, rate: done.rate });
    this.#compare();
  }

  /** Pictures that follow belong to the frozen moment until it has its own. */
  #follow(pictures: ImageData[] | null): void {
    const frozen = this.#frozen;
    if (!frozen || frozen.moment.complete || frozen.moment.lost) return;
    const before = frozen.moment.truth.length;
    const taken = frozen.moment.see(pictures);
    for (let i = before; i < before + taken; i++) {
      const picture = frozen.moment.truth[i];
      if (picture) frozen.truth.putImageData(picture, i * picture.width, 0);
    }
    if (this.#done) this.#panel.extend(this.#lead(frozen));
    this.#compare();
  }

  /** What was known, then what happened so far. */
  #lead({ moment, known, truth }: Frozen): Clip {
    const side = known.height;
    const before = cellsOf(known, 0, moment.known.length, side);
    return this.#done ? [...before, ...cellsOf(truth.canvas, 0, moment.truth.length, side)] : before;
  }

  /** The verdict, once both the futures and the truth are there. */
  #compare(): void {
    const moment = this.#frozen?.moment;
    if (!moment || !this.#done) return;
    if (moment.lost) setText(this.#note, 'What happened next was not seen: the motion broke off.');
    else if (!moment.complete) setText(this.#note, 'Waiting for what really happens…');
    const last = moment.known.at(-1)?.data;
    if (!moment.complete || !last) return;
    const truth = moment.truth.map((picture) => picture.data);
    const verdict = judge(this.#done.futures.map(pixelsOf), truth, last);
    this.#panel.band.futures.forEach((tile, i) => {
      const figure = percentOf(verdict.errors[i] ?? 0);
      const best = i === verdict.best;
      tile.chip(best ? `closest ${figure}` : figure, 'Mean difference of a pixel from what happened');
      tile.mark(best);
    });
    this.#panel.band.lead.chip(`still ${percentOf(verdict.still)}`, 'Difference if nothing had moved');
    this.#tell(pixelSentence(verdict));
  }

  #forget(): void {
    this.#done?.sheet.close();
    this.#done = null;
  }

  #busy(busy: boolean): void {
    // Not the attribute: a disabled button loses the focus.
    for (const button of [this.stageButton, this.#button]) button.setAttribute('aria-disabled', String(busy));
    if (busy) this.#others.hidden = true;
  }

  #tell(words: string): void {
    setText(this.#note, words);
    this.say(words);
  }
}

function freezeButton(kind: string, hidden: boolean): HTMLButtonElement {
  const title = 'Draw what may follow this moment, with the video flow (F)';
  return h('button', { type: 'button', class: kind || undefined, title, hidden }, icon(FREEZE), 'Freeze this moment');
}
