/** Clips side by side in the stage's tiles, with their common time below, to look at and to save. */
import { Band } from './band.ts';
import { type Clip, cellAt } from './clip.ts';
import { download, h, icon } from './dom.ts';
import { arrange } from './layout.ts';
import { blobOf, tableOf } from './pictures.ts';
import { ReelPlayer } from './reel-player.ts';
import { fileName, StagePainter } from './snapshot.ts';
import { StageRecorder } from './stage-recorder.ts';

const GAP = 10;
const CAPTION = 26;
/** Frames are small: larger than this, a tile would show little but their softness. */
const TALLEST = 236;

export type Reel = { lead: Clip; futures: Clip[]; known: number; rate: number };

export class ReelPanel {
  readonly element: HTMLElement;
  readonly band: Band;
  readonly player = new ReelPlayer((position) => this.#draw(position));
  readonly #recorder: StageRecorder;
  readonly #video = h(
    'button',
    { type: 'button', class: 'quiet', title: 'Save the clips as a video, as they play here' },
    icon('M4 7h11v10H4zM15 10.5l5-3v9l-5-3'),
    'Save video',
  );
  readonly #picture = h(
    'button',
    { type: 'button', class: 'quiet', title: 'Save every frame in one picture: a row for each clip' },
    icon('M4 5h16v14H4zM4 9.7h16M4 14.3h16M9.3 5v14M14.7 5v14'),
    'Save frames',
  );
  readonly #saving = h('div', { class: 'tools' }, this.#video, this.#picture);
  #reel: Reel | null = null;

  constructor(leadName: string, heading: string) {
    this.band = new Band(leadName);
    this.#recorder = new StageRecorder(new StagePainter([{ band: this.band, heading }]));
    this.#video.hidden = !StageRecorder.supported;
    this.#video.addEventListener('click', () => void this.saveVideo());
    this.#picture.addEventListener('click', () => void this.saveFrames());
    this.player.element.append(this.#saving);
    this.element = h('div', { class: 'reel', hidden: true }, this.band.grid, this.player.element);
    new ResizeObserver(() => this.layOut()).observe(this.element);
  }

  /** Show tiles by these names that wait for their pictures; `lead` plays meanwhile. */
  await(names: string[], note: string, lead: Clip, rate: number): void {
    this.#populate(names, note);
    this.band.clear();
    this.#saving.hidden = true;
    this.#begin({ lead, futures: [], known: lead.length, rate });
  }

  play(reel: Reel): void {
    this.#saving.hidden = false;
    this.#begin(reel);
  }

  /** The lead's clip has grown. */
  extend(lead: Clip): void {
    if (!this.#reel) return;
    this.#reel = { ...this.#reel, lead };
    this.player.refresh();
  }

  hide(): void {
    this.player.pause();
    this.element.hidden = true;
  }

  layOut(): void {
    const width = this.element.clientWidth;
    if (width === 0) return;
    const { length } = this.band.futures;
    const many = length > 5;
    const tall = width < 620 ? (many ? 440 : 300) : many ? 2 * TALLEST : TALLEST;
    this.band.place(arrange(length, width, tall, GAP, CAPTION));
  }

  /** One loop from its beginning, recorded as it plays. */
  async saveVideo(): Promise<void> {
    if (this.#recorder.running) return;
    this.#video.setAttribute('aria-busy', 'true');
    this.#video.disabled = true;
    const done = this.player.playThrough();
    this.#recorder.start((video) => download(video, fileName('webm')));
    await done;
    this.#recorder.stop();
    this.#video.removeAttribute('aria-busy');
    this.#video.disabled = false;
  }

  async saveFrames(): Promise<void> {
    if (!this.#reel) return;
    const { lead, futures } = this.#reel;
    // A single picture or words in front are no clip.
    const clips = lead.length > 1 ? [lead, ...futures] : futures;
    download(await blobOf(tableOf(clips)), fileName('png'));
  }

  #begin(reel: Reel): void {
    this.#reel = reel;
    this.element.hidden = false;
    this.layOut();
    const length = Math.max(reel.lead.length, ...reel.futures.map((clip) => clip.length));
    this.player.load(length, reel.known, reel.rate);
  }

  #populate(names: string[], note: string): void {
    this.band.populate(names);
    this.band.futures.forEach((tile, i) => {
      tile.rename(names[i] ?? '', note);
    });
  }

  #draw(position: number): void {
    if (!this.#reel) return;
    const { lead, futures, known } = this.#reel;
    const first = cellAt(lead, position);
    if (first) this.band.lead.paint(first);
    this.band.futures.forEach((tile, i) => {
      const cell = cellAt(futures[i] ?? [], position);
      if (cell) tile.paint(cell);
      tile.element.classList.toggle('known', cell !== null && position < known);
    });
  }
}
