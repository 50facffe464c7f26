/** The card of the driver, the face whose motion the portrait follows: preview, choice of source, and buttons. */
import { h, icon, setText } from '../ui/dom.ts';
import type { CameraError } from './camera-errors.ts';
import { FaceView } from './face-view.ts';

export interface DriverActions {
  togglePause(): void;
  setNeutral(): void;
  chooseCamera(deviceId: string): void;
  chooseRecording(name: string): void;
}

const CAMERA_TEXT = {
  starting: 'Allow the camera if the browser asks. The face tracker takes some seconds to load the first time.',
  on: 'The camera picture stays in this browser.',
  slow: 'Too few frames a second to forecast from. Turn on hardware acceleration in the browser’s settings.',
};

export class DriverPanel {
  readonly view = new FaceView();
  readonly element: HTMLElement;
  readonly #title = h('p', { class: 'driver-name' });
  readonly #note = h('p', { class: 'card-note' });
  /** The camera's error message, for the top of the page: on a phone the card is far below. */
  readonly notice: HTMLElement;
  readonly #message = h('p');
  readonly #pauseButton = h('button', { type: 'button', class: 'quiet' });
  readonly #neutralButton = h(
    'button',
    {
      type: 'button',
      class: 'quiet',
      hidden: true,
      title:
        'Use your face of this moment as the relaxed face that the portrait’s own expression corresponds to (N). Otherwise it is found in the first three seconds.',
    },
    icon('M12 4v3M12 17v3M4 12h3M17 12h3M12 9.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5'),
    'Set neutral face',
  );
  readonly #cameras = h('select', { 'aria-label': 'Camera', hidden: true });
  readonly #recordings = h('select', { 'aria-label': 'Recording', hidden: true });

  constructor(actions: DriverActions) {
    this.#pauseButton.addEventListener('click', () => actions.togglePause());
    this.#neutralButton.addEventListener('click', () => actions.setNeutral());
    this.#cameras.addEventListener('change', () => actions.chooseCamera(this.#cameras.value));
    this.#recordings.addEventListener('change', () => actions.chooseRecording(this.#recordings.value));
    const dismiss = h('button', { type: 'button', class: 'quiet' }, 'Dismiss');
    dismiss.addEventListener('click', () => {
      this.error = null;
    });
    this.notice = h('div', { class: 'notice error camera-error', role: 'alert', hidden: true }, this.#message, dismiss);
    const text = h(
      'div',
      {},
      this.#title,
      this.#note,
      h('div', { class: 'buttons' }, this.#pauseButton, this.#neutralButton),
    );
    this.element = h(
      'section',
      { class: 'card driver', 'aria-labelledby': 'driver-title' },
      h(
        'header',
        { title: 'The face whose motion the portrait follows: a recording, or yours' },
        h('h2', { id: 'driver-title' }, 'Driver'),
      ),
      this.#recordings,
      this.#cameras,
      h('div', { class: 'driver-row' }, this.view.element, text),
    );
    this.paused = false;
  }

  /** Show a recording. `title` may end in a parenthesis that names its origin. */
  showRecording(title: string, seconds: number): void {
    const credit = /\(([^)]*)\)\s*$/.exec(title)?.[1];
    this.view.camera = false;
    this.#title.hidden = true;
    setText(
      this.#note,
      `${Math.round(seconds)} s of recorded face points, played forwards and backwards.${credit ? ` From ${credit}.` : ''}`,
    );
    this.#neutralButton.hidden = true;
    this.#pauseButton.hidden = false;
    this.#cameras.hidden = true;
    this.#recordings.hidden = false;
  }

  showCamera(state: keyof typeof CAMERA_TEXT): void {
    this.view.camera = true;
    this.#title.hidden = false;
    setText(this.#title, 'Your camera');
    setText(this.#note, CAMERA_TEXT[state]);
    this.#neutralButton.hidden = state === 'starting';
    this.#pauseButton.hidden = true;
    this.#cameras.hidden = this.#cameras.options.length < 2;
    this.#recordings.hidden = true;
  }

  set paused(paused: boolean) {
    this.#pauseButton.replaceChildren(icon(paused ? 'M8 5v14l11-7z' : 'M9 5v14M15 5v14'), paused ? 'Play' : 'Pause');
    this.#pauseButton.title = `${paused ? 'Play' : 'Pause'} the recording (space)`;
  }

  set error(error: CameraError | null) {
    this.notice.hidden = error === null;
    this.notice.dataset.code = error?.code ?? '';
    this.#message.replaceChildren(h('strong', {}, error?.message ?? ''), ` ${error?.hint ?? ''}`);
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
