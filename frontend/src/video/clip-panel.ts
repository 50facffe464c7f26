/** Shows clips side by side in tiles, with one player for all of them, and saves them as video or as an image. */
import { type Clip, cellAt, joinClips } from '../stage/clip.ts';
import { arrange } from '../stage/layout.ts';
import { StageRecorder } from '../stage/stage-recorder.ts';
import { StageRenderer } from '../stage/stage-renderer.ts';
import { TileRow } from '../stage/tile-row.ts';
import { toBlob } from '../ui/canvas.ts';
import { download, fileName, h, icon } from '../ui/dom.ts';
import { ClipPlayer } from './clip-player.ts';

const GAP = 10;
const CAPTION_HEIGHT = 26;
/** Frames have few pixels: in larger tiles they would only look more blurred. */
const MAX_ROW_HEIGHT = 236;

/** Clips to show together: the leading tile's, and the futures. Their first `known` frames were not generated. */
export type ClipSet = { lead: Clip; futures: Clip[]; known: number; rate: number };

export class ClipPanel {
  readonly element: HTMLElement;
  readonly row: TileRow;
  readonly player = new ClipPlayer((position) => this.#render(position));
  readonly #recorder: StageRecorder;
  readonly #video = h(
    'button',
    { type: 'button', class: 'quiet', title: 'Save the clips side by side as a video' },
    icon('M4 7h11v10H4zM15 10.5l5-3v9l-5-3'),
    'Save video',
  );
  readonly #picture = h(
    'button',
    { type: 'button', class: 'quiet', title: 'Save all frames as one picture, with a row for each clip' },
    icon('M4 5h16v14H4zM4 9.7h16M4 14.3h16M9.3 5v14M14.7 5v14'),
    'Save frames',
  );
  readonly #saving = h('div', { class: 'tools' }, this.#video, this.#picture);
  #clips: ClipSet | null = null;

  constructor(leadName: string, heading: string) {
    this.row = new TileRow(leadName);
    this.#recorder = new StageRecorder(new StageRenderer([{ row: this.row, heading }]));
    this.#video.hidden = !StageRecorder.supported;
    this.#video.addEventListener('click', () => void this.saveVideo());
    this.#picture.addEventListener('click', () => void this.saveFrames());
    this.player.element.append(this.#saving);
    this.element = h('div', { class: 'clip-panel', hidden: true }, this.row.grid, this.player.element);
    new ResizeObserver(() => this.updateLayout()).observe(this.element);
  }

  /** Show empty tiles with these names until the clips arrive; `lead` plays already. */
  showWaiting(names: string[], note: string, lead: Clip, rate: number): void {
    this.#populate(names, note);
    this.row.clear();
    this.#saving.hidden = true;
    this.#start({ lead, futures: [], known: lead.length, rate });
  }

  play(clips: ClipSet): void {
    this.#saving.hidden = false;
    this.#start(clips);
  }

  /** Replace the leading clip by a longer one. */
  extendLead(lead: Clip): void {
    if (!this.#clips) return;
    this.#clips = { ...this.#clips, lead };
    this.player.refresh();
  }

  hide(): void {
    this.player.pause();
    this.element.hidden = true;
  }

  updateLayout(): void {
    const width = this.element.clientWidth;
    if (width === 0) return;
    const { length } = this.row.futures;
    const many = length > 5;
    const height = width < 620 ? (many ? 440 : 300) : many ? 2 * MAX_ROW_HEIGHT : MAX_ROW_HEIGHT;
    this.row.applyLayout(arrange(length, width, height, GAP, CAPTION_HEIGHT));
  }

  /** Play the clips once from the start, record them, and save the video. */
  async saveVideo(): Promise<void> {
    if (this.#recorder.running) return;
    this.#video.setAttribute('aria-busy', 'true');
    this.#video.disabled = true;
    const done = this.player.playThrough();
    this.#recorder.start((video) => video && download(video, fileName('webm')));
    await done;
    this.#recorder.stop();
    this.#video.removeAttribute('aria-busy');
    this.#video.disabled = false;
  }

  async saveFrames(): Promise<void> {
    if (!this.#clips) return;
    const { lead, futures } = this.#clips;
    // A leading portrait or caption is a single frame and not part of the result.
    const rows = lead.length > 1 ? [lead, ...futures] : futures;
    download(await toBlob(joinClips(rows)), fileName('png'));
  }

  #start(clips: ClipSet): void {
    this.#clips = clips;
    this.element.hidden = false;
    this.updateLayout();
    const length = Math.max(clips.lead.length, ...clips.futures.map((clip) => clip.length));
    this.player.load(length, clips.known, clips.rate);
  }

  #populate(names: string[], note: string): void {
    this.row.populate(names);
    this.row.futures.forEach((tile, i) => {
      tile.rename(names[i] ?? '', note);
    });
  }

  #render(position: number): void {
    if (!this.#clips) return;
    const { lead, futures, known } = this.#clips;
    const first = cellAt(lead, position);
    if (first) this.row.lead.render(first);
    this.row.futures.forEach((tile, i) => {
      const cell = cellAt(futures[i] ?? [], position);
      if (cell) tile.render(cell);
      tile.element.classList.toggle('known', cell !== null && position < known);
    });
  }
}
