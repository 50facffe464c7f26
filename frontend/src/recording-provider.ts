/**
 * A bundled landmark recording, played at its own rate as if it were a camera: forwards, then backwards, and so on.
 * Turning round at the ends leaves no seam, so the forecaster never has to begin anew in the middle of a show.
 */
import type { LandmarkProvider, LandmarkSink } from './landmark-provider.ts';
import { COORDINATES, readCoordinates } from './protocol.ts';

export type Track = { fps: number; frames: Float32Array[] };

/**
 * Frames up to this late (a busy machine) are caught up on, since a hole in the motion makes the forecaster begin anew;
 * beyond it (a hidden tab) they would be a burst of stale ones, and the schedule moves instead.
 */
const LATEST_MS = 1000;

/**
 * Parse `u32 frames, f32 fps`, then `frames * 478 * 3` u16 coordinates.
 *
 * @throws Error when the bytes are fewer than the header says.
 */
export function parseTrack(data: ArrayBuffer): Track {
  const view = new DataView(data);
  if (data.byteLength < 8) throw new Error('The recording is empty.');
  const count = view.getUint32(0, true);
  const fps = view.getFloat32(4, true);
  if (!(fps > 0) || count < 2 || data.byteLength < 8 + count * COORDINATES * 2) {
    throw new Error('The recording is shorter than it says.');
  }
  const frames = Array.from({ length: count }, (_, i) => readCoordinates(view, 8 + i * COORDINATES * 2, COORDINATES));
  return { fps, frames };
}

export class RecordingProvider implements LandmarkProvider {
  #sink: LandmarkSink | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #index = 0;
  #direction = 1;
  #due = 0;

  constructor(
    readonly name: string,
    private readonly track: Track,
    private readonly now: () => number = () => performance.now(),
  ) {}

  get playing(): boolean {
    return this.#sink !== null;
  }

  async start(sink: LandmarkSink): Promise<void> {
    this.stop();
    this.#sink = sink;
    this.#due = this.now();
    this.#step();
  }

  stop(): void {
    this.#sink = null;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  /** Frames are stamped with the time they were due, so that timer jitter does not become motion. */
  #step(): void {
    if (this.now() - this.#due > LATEST_MS) this.#due = this.now();
    const landmarks = this.track.frames[this.#index];
    if (!this.#sink || !landmarks) return;
    this.#sink.frame({ t: this.#due, landmarks });
    this.#due += 1000 / this.track.fps;
    this.#timer = setTimeout(() => this.#next(), Math.max(0, this.#due - this.now()));
  }

  #next(): void {
    const last = this.track.frames.length - 1;
    if (this.#index === last) this.#direction = -1;
    if (this.#index === 0) this.#direction = 1;
    this.#index += this.#direction;
    this.#step();
  }
}
