/** Produces landmarks from the webcam. The camera picture is processed here and sent nowhere. */
import type { Square } from '../portrait/portrait-crop.ts';
import type { CameraPace } from '../ui/bottleneck.ts';
import { smooth } from '../ui/recent-values.ts';
import { asCameraError, type CameraError, cameraError } from './camera-errors.ts';
import { isFramed, squareAround, toSquare } from './face-crop.ts';
import { FaceTracker } from './face-mesh.ts';
import type { LandmarkProvider, LandmarkSink } from './landmark-provider.ts';

/** Without a face for this long, the user gets a hint. */
const NO_FACE_MS = 2000;
/** Frames further apart than this leave gaps too long to forecast across. */
const MAX_INTERVAL_MS = 450;
/** More than twice the forecasts' 12.5 frames a second improves nothing and costs power. */
const MIN_INTERVAL_MS = 32;

export interface CameraEvents {
  /** True after two seconds without a face; false when a face is found again. */
  noFace(missing: boolean): void;
  /** True while too few frames a second are tracked to forecast from. */
  slow(slow: boolean): void;
  /** The camera stopped without being asked to. */
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
  #trackMs: number | null = null;
  #slow = false;
  #request = 0;

  constructor(
    private readonly video: HTMLVideoElement,
    private readonly events: CameraEvents,
    private readonly deviceId: string | null = null,
  ) {}

  /** Ask for the camera and start tracking. @throws CameraError when it is refused or fails. */
  async start(sink: LandmarkSink): Promise<void> {
    this.stop();
    try {
      this.#stream = await openCamera(this.deviceId);
      this.video.srcObject = this.#stream;
      await this.video.play();
      const tracker = await FaceTracker.get();
      // The first call takes seconds while the tracker builds its graph; its result would come too late.
      await tracker.find(this.video);
      if (!this.#stream) return;
      this.#sink = sink;
      this.#lastFace = performance.now();
      this.#stream.getVideoTracks()[0]?.addEventListener('ended', () => this.#fail(cameraError('ended')));
      this.#waitForFrame(tracker);
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
    this.#trackMs = null;
    this.video.cancelVideoFrameCallback?.(this.#request);
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    this.#stream = null;
    this.video.srcObject = null;
  }

  /** Choose a new square around the face at the next frame. */
  reframe(): void {
    this.#square = null;
  }

  /** Null before there are figures. */
  get pace(): CameraPace | null {
    const [intervalMs, trackMs] = [this.#interval, this.#trackMs];
    return intervalMs === null || trackMs === null ? null : { intervalMs, trackMs };
  }

  get activeDevice(): string | null {
    return this.#stream?.getVideoTracks()[0]?.getSettings().deviceId ?? null;
  }

  #waitForFrame(tracker: FaceTracker): void {
    this.#request = this.video.requestVideoFrameCallback((now, metadata) => {
      if (now - this.#lastFrame < MIN_INTERVAL_MS) return this.#waitForFrame(tracker);
      this.#measureRate(now);
      void this.#track(tracker, metadata.captureTime ?? now);
    });
  }

  async #track(tracker: FaceTracker, captured: number): Promise<void> {
    const began = performance.now();
    try {
      const points = await tracker.find(this.video);
      if (!this.#sink) return;
      this.counts.frames++;
      if (points) this.#sendFace(points, captured);
      else this.#sink.frame({ t: captured, landmarks: null });
      this.#updateHint(points !== null);
      // The tracker blocks the main thread. Where it is slow, pause so that received sheets are rendered in between.
      const took = performance.now() - began;
      this.#trackMs = smooth(this.#trackMs, took);
      const pause = Math.min(120, took / 4);
      setTimeout(() => this.#sink && this.#waitForFrame(tracker), pause > 10 ? pause : 0);
    } catch (error) {
      if (this.#sink) this.#fail(asCameraError(error));
    }
  }

  #measureRate(now: number): void {
    if (this.#lastFrame > 0) this.#interval = smooth(this.#interval, now - this.#lastFrame);
    this.#lastFrame = now;
    const slow = (this.#interval ?? 0) > MAX_INTERVAL_MS;
    if (slow !== this.#slow) this.events.slow(slow);
    this.#slow = slow;
  }

  #sendFace(points: { x: number; y: number; z: number }[], captured: number): void {
    const { videoWidth: width, videoHeight: height } = this.video;
    this.counts.faces++;
    let square = this.#square ?? squareAround(points, width, height);
    let landmarks = toSquare(points, width, height, square);
    if (this.#square && !isFramed(landmarks)) {
      square = squareAround(points, width, height);
      landmarks = toSquare(points, width, height, square);
      this.#sink?.restart();
    }
    this.#square = square;
    this.#sink?.frame({ t: captured, landmarks });
  }

  #updateHint(found: boolean): void {
    const now = performance.now();
    if (found) this.#lastFace = now;
    const missing = now - this.#lastFace > NO_FACE_MS;
    if (missing !== this.#missing) this.events.noFace(missing);
    this.#missing = missing;
  }

  #fail(error: CameraError): void {
    this.stop();
    this.events.ended(error);
  }
}

/** List the cameras. Their names are empty until the user has allowed the camera once. */
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
