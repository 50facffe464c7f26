/**
 * Plays a bundled landmark recording at its own rate: forwards, then backwards, and so on. Reversing at the ends avoids
 * a jump, so the forecaster never has to restart.
 */
import { readCoordinates } from '../net/coordinates.ts';
import { COORDINATES } from '../net/protocol.ts';
import type { LandmarkProvider, LandmarkSink } from './landmark-provider.ts';

/** A recording's landmarks at `fps` frames a second. */
export type Track = { fps: number; frames: Float32Array[] };

/**
 * Frames that are less late (on a busy machine) are still sent, because a gap in the motion restarts the forecaster.
 * After a longer delay (in a hidden tab) they are outdated, and the schedule moves to the present instead.
 */
const MAX_LATENESS_MS = 1000;

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
    throw new Error('The recording is shorter than its header says.');
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

  /** Send the current frame, stamped with the time it was due: timer jitter must not look like motion. */
  #step(): void {
    if (this.now() - this.#due > MAX_LATENESS_MS) this.#due = this.now();
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
