/** The card that says what drives the portrait, with its preview and its buttons. */
import type { CameraError } from './camera-errors.ts';
import { h, icon, setText } from './dom.ts';
import { FaceView } from './face-view.ts';

export interface DriverActions {
  pause(): void;
  neutral(): void;
  chooseCamera(deviceId: string): void;
  chooseRecording(name: string): void;
}

const CAMERA_WORDS = {
  starting: 'Allow it if the browser asks. The first time, the face tracker takes some seconds to load.',
  on: 'The picture stays in this browser.',
  slow: 'Too few frames a second for a forecast. Hardware acceleration in the browser’s settings helps.',
};

export class DriverPanel {
  readonly view = new FaceView();
  readonly element: HTMLElement;
  readonly #title = h('p', { class: 'driver-name' });
  readonly #note = h('p', { class: 'card-note' });
  /** What went wrong with the camera: for the top of the page, since the card may be far down on a phone. */
  readonly notice: HTMLElement;
  readonly #words = h('p');
  readonly #pause = h('button', { type: 'button', class: 'quiet' });
  readonly #neutral = h(
    'button',
    {
      type: 'button',
      class: 'quiet',
      hidden: true,
      title: 'Take the face of this moment as the neutral one (N), not the most alike of the first three seconds',
    },
    icon('M12 4v3M12 17v3M4 12h3M17 12h3M12 9.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5'),
    'Reset reference',
  );
  readonly #cameras = h('select', { 'aria-label': 'Camera', hidden: true });
  readonly #recordings = h('select', { 'aria-label': 'Recording', hidden: true });

  constructor(actions: DriverActions) {
    this.#pause.addEventListener('click', () => actions.pause());
    this.#neutral.addEventListener('click', () => actions.neutral());
    this.#cameras.addEventListener('change', () => actions.chooseCamera(this.#cameras.value));
    this.#recordings.addEventListener('change', () => actions.chooseRecording(this.#recordings.value));
    const dismiss = h('button', { type: 'button', class: 'quiet' }, 'Dismiss');
    dismiss.addEventListener('click', () => {
      this.error = null;
    });
    this.notice = h('div', { class: 'notice error camera-error', role: 'alert', hidden: true }, this.#words, dismiss);
    const text = h('div', {}, this.#title, this.#note, h('div', { class: 'buttons' }, this.#pause, this.#neutral));
    this.element = h(
      'section',
      { class: 'card driver', 'aria-labelledby': 'driver-title' },
      h('header', {}, h('h2', { id: 'driver-title' }, 'Driven by')),
      this.#recordings,
      this.#cameras,
      h('div', { class: 'driver-row' }, this.view.element, text),
    );
    this.paused = false;
  }

  /** `title` may end in a parenthesis that names where the motion comes from. */
  showRecording(title: string, seconds: number): void {
    const credit = /\(([^)]*)\)\s*$/.exec(title)?.[1];
    this.view.camera = false;
    this.#title.hidden = true;
    setText(
      this.#note,
      `Recorded face points, ${Math.round(seconds)} s to and fro.${credit ? ` From: ${credit}.` : ''}`,
    );
    this.#neutral.hidden = true;
    this.#pause.hidden = false;
    this.#cameras.hidden = true;
    this.#recordings.hidden = false;
  }

  showCamera(state: keyof typeof CAMERA_WORDS): void {
    this.view.camera = true;
    this.#title.hidden = false;
    setText(this.#title, 'Your camera');
    setText(this.#note, CAMERA_WORDS[state]);
    this.#neutral.hidden = state === 'starting';
    this.#pause.hidden = true;
    this.#cameras.hidden = this.#cameras.options.length < 2;
    this.#recordings.hidden = true;
  }

  set paused(paused: boolean) {
    this.#pause.replaceChildren(icon(paused ? 'M8 5v14l11-7z' : 'M9 5v14M15 5v14'), paused ? 'Play' : 'Pause');
    this.#pause.title = `${paused ? 'Play' : 'Pause'} the recording (space)`;
  }

  set error(error: CameraError | null) {
    this.notice.hidden = error === null;
    this.notice.dataset.code = error?.code ?? '';
    this.#words.replaceChildren(h('strong', {}, error?.message ?? ''), ` ${error?.hint ?? ''}`);
  }

  listCameras(cameras: MediaDeviceInfo[], active: string | null): void {
    this.#cameras.replaceChildren(
      ...cameras.map((camera, i) =>
        h(
          'option',
          { value: camera.deviceId, selected: camera.deviceId === active },
          camera.label || `Camera ${i + 1}`,
        ),
      ),
    );
  }

  listRecordings(recordings: { name: string; title: string }[], active: string): void {
    this.#recordings.replaceChildren(
      ...recordings.map(({ name, title }) =>
        h('option', { value: name, selected: name === active }, title.replace(/\s*\([^)]*\)\s*$/, '')),
      ),
    );
  }
}
