/**
 * Finds face landmarks with MediaPipe Face Mesh. Its 10 MB are loaded only when the user turns the camera on.
 *
 * It is a classic script that sets a global variable and runs on the main thread. Without WebGL it calls `alert()`, so
 * WebGL is checked first. One instance serves the page; after a lost WebGL context a new one must be created.
 */
import { cameraError } from './camera-errors.ts';
import type { FacePoint } from './face-crop.ts';

type Results = { multiFaceLandmarks?: FacePoint[][] };

interface Solution {
  setOptions(options: Record<string, unknown>): void;
  onResults(listener: (results: Results) => void): void;
  initialize(): Promise<void>;
  send(input: { image: HTMLVideoElement }): Promise<void>;
  reset(): void;
  close(): Promise<void>;
}
type SolutionClass = new (config: { locateFile(file: string): string }) => Solution;

const FOLDER = `${import.meta.env.BASE_URL}mediapipe/`;

let script: Promise<SolutionClass> | null = null;

function loadScript(): Promise<SolutionClass> {
  script ??= new Promise((resolve, reject) => {
    const tag = document.createElement('script');
    tag.src = `${FOLDER}face_mesh.js`;
    tag.onload = () => {
      const found = (window as unknown as { FaceMesh?: SolutionClass }).FaceMesh;
      if (found) resolve(found);
      else reject(cameraError('tracker'));
    };
    tag.onerror = () => {
      script = null;
      tag.remove();
      reject(cameraError('tracker'));
    };
    document.head.append(tag);
  });
  return script;
}

function hasWebGl2(): boolean {
  const context = document.createElement('canvas').getContext('webgl2');
  context?.getExtension('WEBGL_lose_context')?.loseContext();
  return context !== null;
}

export class FaceTracker {
  static #instance: FaceTracker | null = null;
  #points: FacePoint[] | null = null;

  private constructor(private readonly solution: Solution) {
    solution.onResults((results) => {
      this.#points = results.multiFaceLandmarks?.[0] ?? null;
    });
  }

  /** Return the page's one tracker, ready to use. @throws CameraError `webgl` or `tracker`. */
  static async get(): Promise<FaceTracker> {
    if (FaceTracker.#instance) return FaceTracker.#instance;
    if (!hasWebGl2()) throw cameraError('webgl');
    const Solution = await loadScript();
    const solution = new Solution({ locateFile: (file) => FOLDER + file });
    // Do not set minDetectionConfidence: it aborts the wasm of this release. Selfie mode mirrors the picture, as the
    // preview does, so that the portrait moves like a mirror image too.
    solution.setOptions({ selfieMode: true, maxNumFaces: 1, refineLandmarks: true, minTrackingConfidence: 0.3 });
    try {
      await solution.initialize();
    } catch {
      throw cameraError('tracker');
    }
    FaceTracker.#instance = new FaceTracker(solution);
    return FaceTracker.#instance;
  }

  /** Return the face's points in [0, 1] of the mirrored picture, or null. A tracker that failed is discarded. */
  async find(video: HTMLVideoElement): Promise<FacePoint[] | null> {
    const tracked = this.#points !== null;
    this.#points = null;
    try {
      await this.solution.send({ image: video });
      // After losing a face, Face Mesh searches for it only in the next call: pass this picture a second time.
      if (tracked && !this.#points) await this.solution.send({ image: video });
    } catch {
      FaceTracker.#instance = null;
      throw cameraError('tracker');
    }
    return this.#points;
  }
}
