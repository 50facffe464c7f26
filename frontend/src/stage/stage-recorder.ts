/** Records what a StageRenderer shows as a WebM video, in the browser. */
import type { StageRenderer } from './stage-renderer.ts';

const TYPES = ['video/webm;codecs=vp9', 'video/webm;codecs=vp8', 'video/webm'];
const FRAME_MS = 40;

export class StageRecorder {
  #recorder: MediaRecorder | null = null;
  #timer: ReturnType<typeof setInterval> | null = null;

  constructor(private readonly renderer: StageRenderer) {}

  static get supported(): boolean {
    return typeof MediaRecorder !== 'undefined' && TYPES.some((type) => MediaRecorder.isTypeSupported(type));
  }

  get running(): boolean {
    return this.#recorder !== null;
  }

  /** Start; `done` receives the video after `stop`, or null if it ended before a frame was recorded. */
  start(done: (video: Blob | null) => void): void {
    this.renderer.resize();
    this.renderer.render();
    const mimeType = TYPES.find((type) => MediaRecorder.isTypeSupported(type)) ?? 'video/webm';
    const recorder = new MediaRecorder(this.renderer.canvas.captureStream(25), {
      mimeType,
      videoBitsPerSecond: 6_000_000,
    });
    const parts: Blob[] = [];
    recorder.ondataavailable = (event) => parts.push(event.data);
    recorder.onstop = () => {
      const video = new Blob(parts, { type: 'video/webm' });
      done(video.size > 0 ? video : null);
    };
    recorder.start(1000);
    this.#recorder = recorder;
    this.#timer = setInterval(() => this.renderer.render(), FRAME_MS);
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#recorder?.stop();
    this.#recorder = null;
  }
}
