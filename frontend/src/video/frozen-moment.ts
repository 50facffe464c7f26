/** The section of a frozen moment: futures that the video model generates for it, beside what really happened. */
import type { SheetHead } from '../net/protocol.ts';
import { randomSeed, type VideoDone, type VideoInfo } from '../net/video-api.ts';
import type { KeptPicture } from '../portrait/kept-picture.ts';
import type { Sheet } from '../render/sheet.ts';
import { CellScaler, type Clip, cellsOf, pixelsOf } from '../stage/clip.ts';
import { decodeBase64, toBase64 } from '../ui/canvas.ts';
import { h, icon, reveal, setText } from '../ui/dom.ts';
import { ClipPanel } from './clip-panel.ts';
import { FrameRing } from './frame-ring.ts';
import { Moment } from './moment.ts';
import { MomentClip } from './moment-clip.ts';
import { brightnessPercent, compare, pixelVerdictText } from './pixel-verdict.ts';
import { SendConsent } from './send-consent.ts';
import { VideoJob } from './video-job.ts';

const HEADING = 'Frozen moment, continued by the video model';
const FREEZE_ICON = 'M12 3v18M4.2 7.5l15.6 9M19.8 7.5l-15.6 9M9.5 4.5 12 7l2.5-2.5M9.5 19.5 12 17l2.5 2.5';
const INTRODUCTION =
  'Freeze a moment, and a small video model generates several ways it may continue. Unlike the futures above, it does not move the portrait by keypoints: it generates every pixel.';
/** With at least this many missing pictures, a note says that the motion is jerky. */
const MIN_MISSING = 3;

type Model = { info: VideoInfo; scaler: CellScaler; ring: FrameRing<ImageData> };
/** `kept` is the portrait that it shows, if only this page has its picture. */
type Frozen = { clip: MomentClip; count: number; kept: KeptPicture | null };

export class FrozenMomentView {
  readonly element: HTMLElement;
  /** A second Freeze button, for the stage's tools. */
  readonly stageButton = freezeButton('quiet', true);
  readonly #button = freezeButton('', false);
  readonly #others = h('button', { type: 'button', class: 'quiet', hidden: true }, 'Generate others');
  readonly #introduction = h('p', { class: 'video-text' }, INTRODUCTION);
  readonly #note = h('p', { class: 'row-note' });
  readonly #missing = h('p', { class: 'video-text', hidden: true });
  readonly #panel = new ClipPanel('What happened', HEADING);
  readonly #job: VideoJob;
  readonly #consent = new SendConsent();
  #model: Model | null = null;
  #frozen: Frozen | null = null;
  #generated: { futures: Clip[]; bitmap: ImageBitmap } | null = null;

  /**
   * @param count returns how many futures the stage shows.
   * @param kept returns the user's picture if only this page has it.
   * @param announce has screen readers say a text.
   */
  constructor(
    private readonly count: () => number,
    private readonly kept: () => KeptPicture | null,
    private readonly announce: (text: string) => void,
  ) {
    this.#job = new VideoJob(announce, () => void this.#generate());
    for (const button of [this.stageButton, this.#button]) button.addEventListener('click', () => this.freeze());
    this.#others.addEventListener('click', () => void this.#generate());
    const tools = h('div', { class: 'tools' }, this.#others, this.#button);
    this.element = h(
      'section',
      { class: 'video-section', 'aria-labelledby': 'flow-title', hidden: true },
      h('header', {}, h('h2', { id: 'flow-title' }, HEADING), this.#note, tools),
      this.#introduction,
      this.#consent.question.element,
      this.#job.element,
      this.#panel.element,
      this.#missing,
    );
  }

  /** Take what the server offers; without a video model, the section stays hidden. */
  setVideoInfo(info: VideoInfo): void {
    const { available, size, context } = info;
    this.#model = available ? { info, scaler: new CellScaler(size), ring: new FrameRing(context) } : null;
    this.element.hidden = !available;
    this.stageButton.hidden = !available;
  }

  /** Remember the present of a sheet that was shown. */
  addSheet(head: SheetHead, sheet: Sheet): void {
    if (!this.#model) return;
    const picture = this.#model.scaler.scale(sheet.picture(sheet.present));
    if (picture) this.#follow(this.#model.ring.put(head.tick, head.t, picture));
  }

  /** Note that the motion was interrupted: another source, another portrait, or a new connection. */
  interrupt(): void {
    this.#model?.ring.clear();
    this.#follow(null);
  }

  /** Freeze the present moment and generate its futures. */
  freeze(): void {
    if (!this.#model) {
      this.announce('The video model is not available on this server.');
      return;
    }
    const { info, ring } = this.#model;
    if (this.#job.running) {
      this.#showNote('Still generating the last moment: wait until it is done, or cancel it.');
    } else if (ring.count < info.context) {
      this.#showNote(
        `Too early: the model needs ${info.context} pictures of the portrait, and has ${ring.count} so far.`,
      );
    } else {
      this.#keep(new Moment(ring.pictures, info.defaults.steps), info, info.context - ring.distinct);
      void this.#generate();
    }
    reveal(this.element);
  }

  #keep(moment: Moment<ImageData>, info: VideoInfo, missing: number): void {
    const count = Math.min(this.count(), info.most.count);
    this.#frozen = { clip: new MomentClip(moment, info.size), count, kept: this.kept() };
    this.#missing.hidden = missing < MIN_MISSING;
    const { length } = moment.known;
    const text = `This computer showed only ${length - missing} of the last ${length} pictures, so the model sees a jerky motion.`;
    setText(this.#missing, text);
    setText(this.#note, '');
  }

  async #generate(): Promise<void> {
    const { info } = this.#model ?? {};
    const frozen = this.#frozen;
    if (!info || !frozen) return;
    const sent = `the last ${info.context} pictures of your portrait, ${info.size} x ${info.size} pixels each`;
    if (frozen.kept && !(await this.#consent.allows(frozen.kept, sent))) {
      if (this.#frozen === frozen) setText(this.#note, 'No video was generated.');
      return;
    }
    if (this.#frozen !== frozen) return;
    this.#discard();
    this.#introduction.hidden = true;
    const names = Array.from({ length: frozen.count }, (_, i) => `Future ${i + 1}`);
    this.#panel.showWaiting(names, 'video model', this.#lead(frozen), info.rate);
    this.#setBusy(true);
    const { steps, guidance, temperature } = info.defaults;
    const what = frozen.count === 1 ? '1 future' : `${frozen.count} futures`;
    const done = await this.#job.run(what, async () => ({
      task: 'futures',
      frames: await toBase64(frozen.clip.known),
      count: frozen.count,
      steps,
      caption: '',
      guidance,
      temperature,
      seed: randomSeed(),
    }));
    this.#setBusy(false);
    if (this.#frozen !== frozen) return;
    this.#others.hidden = false;
    if (done) await this.#show(frozen, done).catch((error: unknown) => this.#job.showError(error));
    else {
      this.#panel.hide();
      setText(this.#note, 'No video was generated.');
    }
  }

  async #show(frozen: Frozen, done: VideoDone): Promise<void> {
    const bitmap = await decodeBase64(done.sheet);
    const generated = Array.from({ length: done.rows }, (_, row) => cellsOf(bitmap, row, done.columns, done.tile));
    this.#generated = { futures: generated, bitmap };
    const known = frozen.clip.knownClip;
    const futures = generated.map((clip) => [...known, ...clip]);
    this.#panel.play({ lead: this.#lead(frozen), futures, known: known.length, rate: done.rate });
    this.#showVerdict();
  }

  /** Add pictures to the frozen moment until it is complete. */
  #follow(pictures: ImageData[] | null): void {
    const frozen = this.#frozen;
    if (!frozen || frozen.clip.moment.complete || frozen.clip.moment.lost) return;
    frozen.clip.add(pictures);
    if (this.#generated) this.#panel.extendLead(this.#lead(frozen));
    this.#showVerdict();
  }

  /** The leading tile shows what happened only beside generated futures. */
  #lead({ clip }: Frozen): Clip {
    return this.#generated ? clip.wholeClip : clip.knownClip;
  }

  /** Compare the futures with what happened, once both are complete. */
  #showVerdict(): void {
    const moment = this.#frozen?.clip.moment;
    if (!moment || !this.#generated) return;
    if (moment.lost) setText(this.#note, 'What happened next was not seen, because the motion was interrupted.');
    else if (!moment.complete) setText(this.#note, 'Waiting to see what happens…');
    const last = moment.known.at(-1)?.data;
    if (!moment.complete || !last) return;
    const truth = moment.truth.map((picture) => picture.data);
    const verdict = compare(this.#generated.futures.map(pixelsOf), truth, last);
    this.#panel.row.futures.forEach((tile, i) => {
      const value = brightnessPercent(verdict.errors[i] ?? 0);
      const best = i === verdict.best;
      tile.setChip(best ? `closest ${value}` : value, 'Mean difference of a pixel from what happened');
      tile.setWinner(best);
    });
    this.#panel.row.lead.setChip(`no motion ${brightnessPercent(verdict.noMotion)}`, 'Difference if nothing had moved');
    this.#showNote(pixelVerdictText(verdict));
  }

  #discard(): void {
    this.#generated?.bitmap.close();
    this.#generated = null;
  }

  #setBusy(busy: boolean): void {
    // Not the `disabled` attribute: a disabled button loses the focus.
    for (const button of [this.stageButton, this.#button]) button.setAttribute('aria-disabled', String(busy));
    if (busy) this.#others.hidden = true;
  }

  #showNote(text: string): void {
    setText(this.#note, text);
    this.announce(text);
  }
}

function freezeButton(kind: string, hidden: boolean): HTMLButtonElement {
  const title = 'Generate what may follow this moment, with the video model (F)';
  const attributes = { type: 'button', class: kind || undefined, title, hidden };
  return h('button', attributes, icon(FREEZE_ICON), kind ? 'Freeze' : 'Freeze this moment');
}
