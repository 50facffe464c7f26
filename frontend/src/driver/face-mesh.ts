/**
 * Finds face landmarks with MediaPipe Face Mesh. Its 10 MB are loaded only when the user turns the camera on, or keeps a
 * picture in this browser.
 *
 * It is a classic script that sets a global variable and runs on the main thread. Without WebGL it calls `alert()`, so
 * WebGL is checked first. One instance serves the camera; after a lost WebGL context a new one must be created.
 */
import type { FacePoint } from '../portrait/portrait-crop.ts';
import { cameraError } from './camera-errors.ts';

type Results = { multiFaceLandmarks?: FacePoint[][] };

interface Solution {
  setOptions(options: Record<string, unknown>): void;
  onResults(listener: (results: Results) => void): void;
  initialize(): Promise<void>;
  send(input: { image: HTMLVideoElement | HTMLCanvasElement }): Promise<void>;
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

/** Return a Face Mesh with these options. @throws CameraError `webgl` or `tracker`. */
async function openSolution(options: Record<string, unknown>): Promise<Solution> {
  if (!hasWebGl2()) throw cameraError('webgl');
  const Solution = await loadScript();
  const solution = new Solution({ locateFile: (file) => FOLDER + file });
  // Do not set minDetectionConfidence: it aborts the wasm of this release.
  solution.setOptions({ refineLandmarks: true, ...options });
  try {
    await solution.initialize();
  } catch {
    throw cameraError('tracker');
  }
  return solution;
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
    // Selfie mode mirrors the picture, as the preview does, so that the portrait moves like a mirror image too.
    const options = { selfieMode: true, maxNumFaces: 1, minTrackingConfidence: 0.3 };
    FaceTracker.#instance = new FaceTracker(await openSolution(options));
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

/** Faces in a still picture that may count: with more, the largest are few enough to tell that there are several. */
const MAX_FACES = 3;

/** Finds the faces of still pictures with a Face Mesh of its own, so that the camera's goes on; close it after use. */
export class StillFaces {
  #faces: FacePoint[][] = [];

  private constructor(private readonly solution: Solution) {
    solution.onResults((results) => {
      this.#faces = results.multiFaceLandmarks ?? [];
    });
  }

  /** @throws CameraError `webgl` or `tracker`. */
  static async open(): Promise<StillFaces> {
    return new StillFaces(await openSolution({ selfieMode: false, maxNumFaces: MAX_FACES }));
  }

  /**
   * Return the points of every face, in pixels of the picture.
   *
   * @param picture what to search.
   * @param again the picture is that of the last call: follow its faces instead of searching, which places them better.
   * @throws CameraError `tracker`.
   */
  async find(picture: HTMLCanvasElement, again = false): Promise<FacePoint[][]> {
    this.#faces = [];
    try {
      if (!again) this.solution.reset();
      await this.solution.send({ image: picture });
    } catch {
      throw cameraError('tracker');
    }
    const { width, height } = picture;
    return this.#faces.map((face) => face.map(({ x, y, z }) => ({ x: x * width, y: y * height, z: z * width })));
  }

  async close(): Promise<void> {
    await this.solution.close().catch(() => undefined);
  }
}
