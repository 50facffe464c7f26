/** Chooses the source of motion, a recording or the camera once it has found a face, and keeps the panel up to date. */
import { getRecording, getRecordings, type RecordingInfo } from '../net/api.ts';
import type { CameraPace } from '../ui/bottleneck.ts';
import type { CameraState } from './camera-button.ts';
import { type CameraError, cameraError } from './camera-errors.ts';
import { CameraProvider, listCameras } from './camera-provider.ts';
import { DriverPanel } from './driver-panel.ts';
import type { LandmarkFrame, LandmarkProvider, LandmarkSink } from './landmark-provider.ts';
import { parseTrack, RecordingProvider } from './recording-provider.ts';

export interface DriverEvents {
  frame(frame: LandmarkFrame): void;
  /** The following frames come from this source and do not continue the earlier ones. */
  source(name: string): void;
  /** The next frame shows the neutral face. */
  reference(): void;
  cameraState(state: CameraState): void;
  /** Whether the camera has found no face for two seconds. */
  noFace(missing: boolean): void;
  /** Have screen readers say a text. */
  announce(text: string): void;
}

export class Driver {
  readonly panel: DriverPanel;
  #recordings: RecordingInfo[] = [];
  #recording: RecordingProvider | null = null;
  #camera: CameraProvider | null = null;
  /** The provider whose frames are sent. */
  #active: LandmarkProvider | null = null;
  #starting = false;

  constructor(private readonly events: DriverEvents) {
    this.panel = new DriverPanel({
      togglePause: () => this.togglePause(),
      setNeutral: () => this.setNeutral(),
      chooseCamera: (deviceId) => void this.useCamera(deviceId),
      chooseRecording: (name) => void this.play(name),
    });
  }

  get source(): string {
    return this.#active?.name ?? '';
  }

  get cameraCounts(): { frames: number; faces: number } {
    return this.#camera?.counts ?? { frames: 0, faces: 0 };
  }

  /** How fast the camera is tracked; null with a recording. */
  get cameraPace(): CameraPace | null {
    return this.#active === this.#camera ? (this.#camera?.pace ?? null) : null;
  }

  get paused(): boolean {
    return this.#active === this.#recording && this.#recording !== null && !this.#recording.playing;
  }

  /** Play the first bundled recording, unless the camera already drives. */
  async start(): Promise<void> {
    if (this.#active) return;
    this.#recordings = await getRecordings();
    const first = this.#recordings[0];
    if (first && !this.#active) await this.play(first.name);
  }

  async play(name: string): Promise<void> {
    const info = this.#recordings.find((recording) => recording.name === name);
    const track = parseTrack(await getRecording(name));
    this.#stopCamera();
    this.#recording?.stop();
    this.#recording = new RecordingProvider(name, track);
    this.panel.listRecordings(this.#recordings, name);
    this.panel.showRecording(info?.title ?? name, info?.seconds ?? 0);
    await this.#resume(this.#recording);
  }

  /** Pause or play the recording. */
  togglePause(): void {
    const recording = this.#recording;
    if (!recording || this.#active !== recording) return;
    if (recording.playing) recording.stop();
    else void recording.start(this.#sink(recording));
    this.panel.paused = !recording.playing;
    this.events.announce(recording.playing ? 'Playing.' : 'Paused.');
  }

  /** Use the next frame as the neutral face, in a new square around it. */
  setNeutral(): void {
    this.#camera?.reframe();
    this.events.reference();
    this.events.announce('The neutral face is now your face of this moment.');
  }

  async toggleCamera(): Promise<void> {
    if (this.#starting) return;
    if (this.#camera) await this.#backToRecording();
    else await this.useCamera(null);
  }

  /** Start the camera; the recording keeps playing until the first face is found. */
  async useCamera(deviceId: string | null): Promise<void> {
    this.panel.error = null;
    this.#stopCamera();
    this.#starting = true;
    this.events.cameraState('starting');
    const camera = new CameraProvider(
      this.panel.view.video,
      {
        noFace: (missing) => this.events.noFace(missing),
        slow: (slow) => this.panel.showCamera(slow ? 'slow' : 'on'),
        ended: (error) => void this.#cameraFailed(error),
      },
      deviceId,
    );
    try {
      this.#camera = camera;
      this.panel.showCamera('starting');
      await camera.start(this.#cameraSink(camera));
      this.panel.listCameras(await listCameras(), camera.activeDevice);
      this.panel.showCamera('on');
      this.events.cameraState('on');
      this.events.announce('Camera on.');
    } catch (error) {
      await this.#cameraFailed(error as CameraError);
    } finally {
      this.#starting = false;
    }
  }

  /** Send the source again, to a new session. */
  resendSource(): void {
    if (this.#active) this.events.source(this.#active.name);
  }

  #sink(provider: LandmarkProvider): LandmarkSink {
    return {
      frame: (frame) => {
        if (this.#active !== provider) return;
        this.panel.view.render(frame.landmarks);
        this.events.frame(frame);
      },
      restart: () => {
        if (this.#active === provider) this.events.source(provider.name);
      },
    };
  }

  #cameraSink(camera: CameraProvider): LandmarkSink {
    const sink = this.#sink(camera);
    return {
      restart: sink.restart,
      frame: (frame) => {
        if (this.#active !== camera && frame.landmarks) {
          this.#recording?.stop();
          this.#active = camera;
          this.events.source(camera.name);
        }
        sink.frame(frame);
      },
    };
  }

  #stopCamera(): void {
    this.#camera?.stop();
    this.#camera = null;
    this.events.noFace(false);
    this.events.cameraState('off');
  }

  async #cameraFailed(error: CameraError): Promise<void> {
    await this.#backToRecording();
    this.panel.error = error.message ? error : cameraError('camera');
  }

  async #backToRecording(): Promise<void> {
    this.#stopCamera();
    const recording = this.#recording;
    if (!recording) return this.start();
    const info = this.#recordings.find((candidate) => candidate.name === recording.name);
    this.panel.showRecording(info?.title ?? recording.name, info?.seconds ?? 0);
    if (this.#active === recording) return;
    await this.#resume(recording);
  }

  async #resume(recording: RecordingProvider): Promise<void> {
    this.#active = recording;
    this.panel.paused = false;
    this.events.source(recording.name);
    await recording.start(this.#sink(recording));
  }
}
