import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { FacePoint } from '../portrait/portrait-crop.ts';
import type { LandmarkFrame } from './landmark-provider.ts';

let found: FacePoint[] | null = null;

vi.mock('./face-mesh.ts', () => ({ FaceTracker: { get: async () => ({ find: async () => found }) } }));

const { CameraProvider } = await import('./camera-provider.ts');

/** A face-shaped cloud around (x, y), in [0, 1] of the picture. */
const face = (x: number, y = 0.5): FacePoint[] =>
  Array.from({ length: 478 }, (_, i) => ({ x: x + 0.1 * Math.cos(i), y: y + 0.17 * Math.sin(i), z: 0 }));

class Video {
  videoWidth = 640;
  videoHeight = 480;
  srcObject: unknown = null;
  callback: VideoFrameRequestCallback | null = null;
  async play(): Promise<void> {}
  cancelVideoFrameCallback(): void {
    this.callback = null;
  }
  requestVideoFrameCallback(callback: VideoFrameRequestCallback): number {
    this.callback = callback;
    return 1;
  }
}

const track = { stop: vi.fn(), addEventListener: vi.fn(), getSettings: () => ({ deviceId: 'front' }) };
const stream = { getTracks: () => [track], getVideoTracks: () => [track] };
const events = { noFace: vi.fn(), slow: vi.fn(), ended: vi.fn() };
const restart = vi.fn();
let frames: LandmarkFrame[];
let video: Video;
let camera: InstanceType<typeof CameraProvider>;

const start = () => camera.start({ frame: (frame) => frames.push(frame), restart });

/** The camera shows its next picture, `after` ms later. */
async function picture(points: FacePoint[] | null, after = 100): Promise<void> {
  found = points;
  await vi.advanceTimersByTimeAsync(after);
  const now = performance.now();
  video.callback?.(now, { captureTime: now - 20 } as VideoFrameCallbackMetadata);
  await vi.advanceTimersByTimeAsync(1);
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.clearAllMocks();
  vi.stubGlobal('isSecureContext', true);
  vi.stubGlobal('navigator', { mediaDevices: { getUserMedia: async () => stream } });
  frames = [];
  found = null;
  video = new Video();
  camera = new CameraProvider(video as unknown as HTMLVideoElement, events);
});
afterEach(() => {
  camera.stop();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('frames', () => {
  beforeEach(start);

  test('carry their capture time, and landmarks relative to one fixed square', async () => {
    await picture(face(0.5));
    await picture(face(0.52));
    const [first, second] = frames;
    expect((second?.t ?? 0) - (first?.t ?? 0)).toBeCloseTo(101, 3);
    expect((second?.landmarks?.[0] ?? 0) - (first?.landmarks?.[0] ?? 0)).toBeGreaterThan(0.05);
    expect(restart).not.toHaveBeenCalled();
  });

  test('restart with a new square when the face leaves the old one', async () => {
    await picture(face(0.3));
    await picture(face(0.9));
    expect(restart).toHaveBeenCalledTimes(1);
    expect(Math.abs(frames[1]?.landmarks?.[0] ?? 9)).toBeLessThan(1);
  });

  test('without a face are sent as null; a hint appears after two seconds and disappears with the next face', async () => {
    await picture(null);
    expect(frames).toEqual([{ t: expect.any(Number), landmarks: null }]);
    expect(events.noFace).not.toHaveBeenCalled();
    await picture(null, 2500);
    expect(events.noFace).toHaveBeenLastCalledWith(true);
    await picture(face(0.5));
    expect(events.noFace).toHaveBeenLastCalledWith(false);
  });

  test('at too low a rate are reported', async () => {
    for (let i = 0; i < 6; i++) await picture(face(0.5), 900);
    expect(events.slow).toHaveBeenLastCalledWith(true);
  });

  test('stop with the camera', async () => {
    camera.stop();
    expect(track.stop).toHaveBeenCalled();
    await picture(face(0.5));
    expect(frames).toEqual([]);
  });
});

describe('a camera that cannot be opened', () => {
  test('is reported as insecure on an insecure page', async () => {
    vi.stubGlobal('isSecureContext', false);
    await expect(start()).rejects.toMatchObject({ code: 'insecure' });
  });

  test('is reported with the browser’s reason', async () => {
    const getUserMedia = () => Promise.reject(new DOMException('', 'NotReadableError'));
    vi.stubGlobal('navigator', { mediaDevices: { getUserMedia } });
    await expect(start()).rejects.toMatchObject({ code: 'NotReadableError' });
  });
});
