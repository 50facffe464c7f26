/** The interface of sources of motion: the camera and the bundled recordings implement it. */

/** Capture time in ms of `performance.now()`, and 478 x 3 coordinates in [-1, 1] of the crop, or null without a face. */
export type LandmarkFrame = { t: number; landmarks: Float32Array | null };

/** Receives the frames of a provider. */
export interface LandmarkSink {
  frame(frame: LandmarkFrame): void;
  /** The following frames do not continue the earlier ones (another crop, for example). */
  restart(): void;
}

export interface LandmarkProvider {
  /** `camera`, or the recording's name; sent to the server as the source. */
  readonly name: string;
  start(sink: LandmarkSink): Promise<void>;
  stop(): void;
}
