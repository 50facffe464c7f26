/**
 * MediaPipe Face Mesh, loaded only when the camera is asked for: 10 MB that nobody else should wait for.
 *
 * It comes as a classic script that sets a global, runs on the main thread only, and calls `alert()` without WebGL: hence
 * the probe before it. One instance lives as long as the page; after a lost context it must be made anew.
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

function load(): Promise<SolutionClass> {
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

export function hasWebGl2(): boolean {
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

  /** The page's one tracker, ready to use. @throws CameraError `webgl` or `tracker`. */
  static async get(): Promise<FaceTracker> {
    if (FaceTracker.#instance) return FaceTracker.#instance;
    if (!hasWebGl2()) throw cameraError('webgl');
    const Solution = await load();
    const solution = new Solution({ locateFile: (file) => FOLDER + file });
    // Never minDetectionConfidence: setting it aborts this release's wasm. Selfie mode sees the picture as in a mirror,
    // as the preview shows it, so that the portrait moves like a mirror image too.
    solution.setOptions({ selfieMode: true, maxNumFaces: 1, refineLandmarks: true, minTrackingConfidence: 0.3 });
    try {
      await solution.initialize();
    } catch {
      throw cameraError('tracker');
    }
    FaceTracker.#instance = new FaceTracker(solution);
    return FaceTracker.#instance;
  }

  /** Points of the face in [0, 1] of the mirrored picture, or null. A failed graph (a lost context) is thrown away. */
  async find(video: HTMLVideoElement): Promise<FacePoint[] | null> {
    const tracked = this.#points !== null;
    this.#points = null;
    try {
      await this.solution.send({ image: video });
      // A face that moved too far to be tracked is only searched for in the next picture: look at this one again.
      if (tracked && !this.#points) await this.solution.send({ image: video });
    } catch {
      FaceTracker.#instance = null;
      throw cameraError('tracker');
    }
    return this.#points;
  }
}
