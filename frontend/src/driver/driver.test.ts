import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { COORDINATES } from '../net/protocol.ts';
import { stubCanvas } from '../testing/canvas.ts';
import { cameraError } from './camera-errors.ts';
import type { LandmarkSink } from './landmark-provider.ts';

let sink: LandmarkSink | null = null;
let refusal: Error | null = null;

vi.mock('./camera-provider.ts', () => ({
  listCameras: async () => [],
  CameraProvider: class {
    name = 'camera';
    counts = { frames: 0, faces: 0 };
    activeDevice = null;
    async start(given: LandmarkSink): Promise<void> {
      if (refusal) throw refusal;
      sink = given;
    }
    stop(): void {
      sink = null;
    }
    reframe(): void {}
  },
}));

const { Driver } = await import('./driver.ts');
const events = {
  frame: vi.fn(),
  source: vi.fn(),
  reference: vi.fn(),
  cameraState: vi.fn(),
  noFace: vi.fn(),
  announce: vi.fn(),
};
const face = new Float32Array(COORDINATES);
let driver: InstanceType<typeof Driver>;

function track(): ArrayBuffer {
  const data = new ArrayBuffer(8 + 2 * COORDINATES * 2);
  new DataView(data).setUint32(0, 2, true);
  new DataView(data).setFloat32(4, 25, true);
  return data;
}

beforeEach(async () => {
  vi.useFakeTimers();
  vi.clearAllMocks();
  stubCanvas();
  refusal = null;
  vi.stubGlobal('fetch', async (path: string) =>
    path.endsWith('/recordings')
      ? new Response(JSON.stringify([{ name: 'talk', title: 'Talk (sample)', seconds: 7 }]))
      : new Response(track()),
  );
  driver = new Driver(events);
  await driver.start();
});
afterEach(() => {
  driver.togglePause();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test('the first recording plays by itself and is sent as the source', () => {
  expect(events.source).toHaveBeenCalledWith('talk');
  vi.advanceTimersByTime(100);
  expect(events.frame.mock.calls.length).toBeGreaterThan(1);
});

test('the recording drives until the camera has found a face', async () => {
  await driver.useCamera(null);
  expect(events.cameraState).toHaveBeenLastCalledWith('on');
  sink?.frame({ t: 1, landmarks: null });
  expect(driver.source).toBe('talk');
  sink?.frame({ t: 2, landmarks: face });
  expect(driver.source).toBe('camera');
  expect(events.source).toHaveBeenLastCalledWith('camera');
  expect(events.frame).toHaveBeenLastCalledWith({ t: 2, landmarks: face });
  const frames = events.frame.mock.calls.length;
  vi.advanceTimersByTime(200);
  expect(events.frame).toHaveBeenCalledTimes(frames);
});

test('a camera that fails shows an error, and the recording goes on', async () => {
  refusal = cameraError('NotFoundError');
  await driver.useCamera(null);
  expect(driver.panel.notice.hidden).toBe(false);
  expect(driver.panel.notice.dataset.code).toBe('NotFoundError');
  expect(driver.source).toBe('talk');
  expect(events.cameraState).toHaveBeenLastCalledWith('off');
});

test('stopping the camera goes back to the recording', async () => {
  await driver.useCamera(null);
  sink?.frame({ t: 2, landmarks: face });
  await driver.toggleCamera();
  expect(driver.source).toBe('talk');
  expect(events.source).toHaveBeenLastCalledWith('talk');
});

test('a pause stops the frames, and play goes on', () => {
  driver.togglePause();
  const frames = events.frame.mock.calls.length;
  vi.advanceTimersByTime(500);
  expect(events.frame).toHaveBeenCalledTimes(frames);
  driver.togglePause();
  expect(events.frame.mock.calls.length).toBeGreaterThan(frames);
});
