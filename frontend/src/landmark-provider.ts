/** Where motion comes from. The camera and a bundled recording look the same from here on. */

/** One frame: capture time in ms of `performance.now()`, and 478 x 3 coordinates in [-1, 1] of the crop, or no face. */
export type LandmarkFrame = { t: number; landmarks: Float32Array | null };

export interface LandmarkSink {
  frame(frame: LandmarkFrame): void;
  /** The motion starts anew (loop seam, another crop): what came before does not lead up to what follows. */
  restart(): void;
}

export interface LandmarkProvider {
  /** `camera`, or the recording's name; the server is told it as the source. */
  readonly name: string;
  start(sink: LandmarkSink): Promise<void>;
  stop(): void;
}
