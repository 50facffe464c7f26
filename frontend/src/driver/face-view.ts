/** The preview of the driving face: the mirrored camera picture, or the landmarks of a recording. */
import { LANDMARKS } from '../net/protocol.ts';
import { context2d } from '../ui/canvas.ts';
import { h } from '../ui/dom.ts';
import { pixels, toPixels, unit } from '../ui/units.ts';

export class FaceView {
  readonly video = h('video', { muted: true, playsinline: true, hidden: true, 'aria-label': 'Your camera, mirrored' });
  readonly element: HTMLElement;
  readonly #canvas = h('canvas', {
    width: 240,
    height: 240,
    role: 'img',
    'aria-label': 'Points of the face that drives the portrait',
  });
  readonly #context = context2d(this.#canvas);

  constructor() {
    this.video.muted = true;
    this.element = h('div', { class: 'face-view' }, this.video, this.#canvas);
  }

  /** Show the camera picture instead of landmarks. */
  set camera(on: boolean) {
    this.video.hidden = !on;
    this.#canvas.hidden = on;
  }

  /** Show the landmarks of a frame; null clears them. */
  render(landmarks: Float32Array | null): void {
    if (this.#canvas.hidden) return;
    const side = pixels(this.#canvas.width);
    const context = this.#context;
    context.clearRect(0, 0, side, side);
    if (!landmarks) return;
    context.fillStyle = getComputedStyle(this.#canvas).color;
    for (let i = 0; i < LANDMARKS; i++) {
      const x = toPixels(unit(landmarks[3 * i] ?? 0), side);
      const y = toPixels(unit(landmarks[3 * i + 1] ?? 0), side);
      // Points nearer to the camera are larger, so that the face looks three-dimensional.
      const size = 1.5 - 2 * (landmarks[3 * i + 2] ?? 0);
      context.fillRect(x, y, Math.max(1, size), Math.max(1, size));
    }
  }
}
