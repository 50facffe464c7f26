/** The stage's buttons for saving: a snapshot as PNG, a recording as WebM. */
import { download, fileName, h, icon } from '../ui/dom.ts';
import { StageRecorder } from './stage-recorder.ts';
import type { StageRenderer } from './stage-renderer.ts';

export class StageTools {
  readonly snapshotButton = h(
    'button',
    { type: 'button', class: 'quiet', title: 'Save the stage as a picture (S)' },
    icon('M4 8h3l1.5-2.5h7L17 8h3v11H4zM12 10.2a3 3 0 1 0 0 6 3 3 0 0 0 0-6'),
    'Snapshot',
  );
  readonly recordButton = h('button', { type: 'button', class: 'quiet', title: 'Record the stage as a video (R)' });
  readonly #recorder: StageRecorder;

  /** `announce` has screen readers say a text. */
  constructor(
    private readonly renderer: StageRenderer,
    private readonly announce: (text: string) => void,
  ) {
    this.#recorder = new StageRecorder(renderer);
    this.snapshotButton.addEventListener('click', () => void this.saveSnapshot());
    this.recordButton.addEventListener('click', () => this.toggleRecording());
    this.recordButton.hidden = !StageRecorder.supported;
    this.#showRecording();
  }

  async saveSnapshot(): Promise<void> {
    download(await this.renderer.png(), fileName('png'));
    this.announce('Snapshot saved.');
  }

  toggleRecording(): void {
    if (this.#recorder.running) this.#recorder.stop();
    else this.#recorder.start((video) => this.#save(video));
    this.#showRecording();
  }

  #save(video: Blob | null): void {
    if (video) download(video, fileName('webm'));
    this.announce(video ? 'Video saved.' : 'Nothing was recorded: it ended too soon.');
  }

  #showRecording(): void {
    const on = this.#recorder.running;
    this.recordButton.setAttribute('aria-pressed', String(on));
    this.recordButton.replaceChildren(icon('M12 7a5 5 0 1 0 0 10 5 5 0 0 0 0-10'), on ? 'Stop' : 'Record');
  }
}
