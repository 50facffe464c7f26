/** Landmarks from the webcam. The picture is looked at here and goes nowhere else. */
import { asCameraError, type CameraError, cameraError } from './camera-errors.ts';
import { framed, intoSquare, type Square, squareAround } from './face-crop.ts';
import { FaceTracker } from './face-mesh.ts';
import type { LandmarkProvider, LandmarkSink } from './landmark-provider.ts';
import { smooth } from './latency.ts';

const NO_FACE_MS = 2000;
/** Frames further apart than this leave holes that no forecast bridges. */
const SLOW_MS = 450;
/** Faster than twice the 12.5 Hz clock gains nothing and warms laptops. */
const MIN_INTERVAL_MS = 32;

export interface CameraEvents {
  /** True once no face has been seen for two seconds; false when one is back. */
  noFace(missing: boolean): void;
  /** True while faces are found too seldom to forecast from. */
  slow(slow: boolean): void;
  /** The camera stopped by itself. */
  ended(error: CameraError): void;
}

export class CameraProvider implements LandmarkProvider {
  readonly name = 'camera';
  readonly counts = { frames: 0, faces: 0 };
  #sink: LandmarkSink | null = null;
  #stream: MediaStream | null = null;
  #square: Square | null = null;
  #lastFace = 0;
  #missing = false;
  #lastFrame = 0;
  #interval: number | null = null;
  #slow = false;
  #request = 0;

  constructor(
    private readonly video: HTMLVideoElement,
    private readonly events: CameraEvents,
    private readonly deviceId: string | null = null,
  ) {}

  /** Ask for the camera and begin. @throws CameraError with words for every way it can be refused. */
  async start(sink: LandmarkSink): Promise<void> {
    this.stop();
    try {
      this.#stream = await openCamera(this.deviceId);
      this.video.srcObject = this.#stream;
      await this.video.play();
      const tracker = await FaceTracker.get();
      // The first picture takes seconds, while the tracker builds its graph: it is not one to react to.
      await tracker.find(this.video);
      if (!this.#stream) return;
      this.#sink = sink;
      this.#lastFace = performance.now();
      this.#stream.getVideoTracks()[0]?.addEventListener('ended', () => this.#fail(cameraError('ended')));
      this.#await(tracker);
    } catch (error) {
      this.stop();
      throw asCameraError(error);
    }
  }

  stop(): void {
    this.#sink = null;
    this.#square = null;
    this.#lastFrame = 0;
    this.#interval = null;
    this.video.cancelVideoFrameCallback?.(this.#request);
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    this.#stream = null;
    this.video.srcObject = null;
  }

  /** Frame the face anew at the next picture. */
  reframe(): void {
    this.#square = null;
  }

  get activeDevice(): string | null {
    return this.#stream?.getVideoTracks()[0]?.getSettings().deviceId ?? null;
  }

  #await(tracker: FaceTracker): void {
    this.#request = this.video.requestVideoFrameCallback((now, metadata) => {
      if (now - this.#lastFrame < MIN_INTERVAL_MS) return this.#await(tracker);
      this.#pace(now);
      void this.#look(tracker, metadata.captureTime ?? now);
    });
  }

  async #look(tracker: FaceTracker, captured: number): Promise<void> {
    const began = performance.now();
    try {
      const points = await tracker.find(this.video);
      if (!this.#sink) return;
      this.counts.frames++;
      if (points) this.#face(points, captured);
      else this.#sink.frame({ t: captured, landmarks: null });
      this.#hint(points !== null);
      // The tracker holds the main thread; where it is slow, what came in meanwhile must be drawn before it does again.
      const pause = Math.min(120, (performance.now() - began) / 4);
      setTimeout(() => this.#sink && this.#await(tracker), pause > 10 ? pause : 0);
    } catch (error) {
      if (this.#sink) this.#fail(asCameraError(error));
    }
  }

  #pace(now: number): void {
    if (this.#lastFrame > 0) this.#interval = smooth(this.#interval, now - this.#lastFrame);
    this.#lastFrame = now;
    const slow = (this.#interval ?? 0) > SLOW_MS;
    if (slow !== this.#slow) this.events.slow(slow);
    this.#slow = slow;
  }

  #face(points: { x: number; y: number; z: number }[], captured: number): void {
    const { videoWidth: width, videoHeight: height } = this.video;
    this.counts.faces++;
    let square = this.#square ?? squareAround(points, width, height);
    let landmarks = intoSquare(points, width, height, square);
    if (this.#square && !framed(landmarks)) {
      square = squareAround(points, width, height);
      landmarks = intoSquare(points, width, height, square);
      this.#sink?.restart();
    }
    this.#square = square;
    this.#sink?.frame({ t: captured, landmarks });
  }

  #hint(seen: boolean): void {
    const now = performance.now();
    if (seen) this.#lastFace = now;
    const missing = now - this.#lastFace > NO_FACE_MS;
    if (missing !== this.#missing) this.events.noFace(missing);
    this.#missing = missing;
  }

  #fail(error: CameraError): void {
    this.stop();
    this.events.ended(error);
  }
}

/** Cameras by name; names are empty until the camera has been allowed once. */
export async function listCameras(): Promise<MediaDeviceInfo[]> {
  const devices = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
  return devices.filter((device) => device.kind === 'videoinput' && device.deviceId !== '');
}

async function openCamera(deviceId: string | null): Promise<MediaStream> {
  if (!window.isSecureContext) throw cameraError('insecure');
  if (!navigator.mediaDevices) throw cameraError('unsupported');
  const size = { width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 30 } };
  const choice = deviceId ? { deviceId: { exact: deviceId } } : { facingMode: 'user' };
  return navigator.mediaDevices.getUserMedia({ video: { ...size, ...choice }, audio: false });
}
