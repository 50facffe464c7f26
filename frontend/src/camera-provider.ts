/** Landmarks from the webcam. The picture is looked at here and goes nowhere else. */
import { asCameraError, type CameraError, cameraError } from './camera-errors.ts';
import { framed, intoSquare, type Square, squareAround } from './face-crop.ts';
import { FaceTracker } from './face-mesh.ts';
import type { LandmarkProvider, LandmarkSink } from './landmark-provider.ts';

const NO_FACE_MS = 2000;
/** Faster than twice the 12.5 Hz clock gains nothing and warms laptops. */
const MIN_INTERVAL_MS = 32;

export interface CameraEvents {
  /** True once no face has been seen for two seconds; false when one is back. */
  noFace(missing: boolean): void;
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
      const early = now - this.#lastFrame < MIN_INTERVAL_MS;
      if (early) return this.#await(tracker);
      this.#lastFrame = now;
      void this.#look(tracker, metadata.captureTime ?? now);
    });
  }

  async #look(tracker: FaceTracker, captured: number): Promise<void> {
    try {
      const points = await tracker.find(this.video);
      if (!this.#sink) return;
      this.counts.frames++;
      if (points) this.#face(points, captured);
      else this.#sink.frame({ t: captured, landmarks: null });
      this.#hint(points !== null);
      this.#await(tracker);
    } catch (error) {
      if (this.#sink) this.#fail(asCameraError(error));
    }
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
