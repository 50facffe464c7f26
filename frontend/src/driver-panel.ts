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

export class DriverPanel {
  readonly view = new FaceView();
  readonly element: HTMLElement;
  readonly #title = h('p', { class: 'driver-name' });
  readonly #note = h('p', { class: 'card-note' });
  readonly #error = h('div', { class: 'notice error', role: 'alert', hidden: true });
  readonly #noFace = h(
    'p',
    { class: 'notice', role: 'status', hidden: true },
    'No face in sight. Look into the camera, with light on your face.',
  );
  readonly #pause = h('button', { type: 'button', class: 'quiet' });
  readonly #neutral = h(
    'button',
    { type: 'button', class: 'quiet', hidden: true, title: 'Take the face of this moment as the neutral one (N)' },
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
    const text = h(
      'div',
      {},
      this.#title,
      this.#note,
      this.#cameras,
      this.#recordings,
      h('div', { class: 'buttons' }, this.#pause, this.#neutral),
    );
    this.element = h(
      'section',
      { class: 'card driver', 'aria-labelledby': 'driver-title' },
      h('header', {}, h('h2', { id: 'driver-title' }, 'Driven by')),
      h('div', { class: 'driver-row' }, this.view.element, text),
      this.#noFace,
      this.#error,
    );
    this.paused = false;
  }

  showRecording(title: string, seconds: number): void {
    this.view.camera = false;
    setText(this.#title, title || 'A recording');
    setText(this.#note, seconds ? `A recorded face, ${Math.round(seconds)} s, on repeat.` : 'A recorded face.');
    this.#neutral.hidden = true;
    this.#pause.hidden = false;
    this.#cameras.hidden = true;
    this.#recordings.hidden = this.#recordings.options.length < 2;
    this.noFace = false;
  }

  showCamera(): void {
    this.view.camera = true;
    setText(this.#title, 'Your camera');
    setText(this.#note, 'The picture stays in this browser.');
    this.#neutral.hidden = false;
    this.#pause.hidden = true;
    this.#cameras.hidden = this.#cameras.options.length < 2;
    this.#recordings.hidden = true;
  }

  set paused(paused: boolean) {
    this.#pause.replaceChildren(icon(paused ? 'M8 5v14l11-7z' : 'M9 5v14M15 5v14'), paused ? 'Play' : 'Pause');
    this.#pause.title = `${paused ? 'Play' : 'Pause'} the recording (space)`;
  }

  set noFace(missing: boolean) {
    this.#noFace.hidden = !missing;
  }

  set error(error: CameraError | null) {
    this.#error.hidden = error === null;
    this.#error.dataset.code = error?.code ?? '';
    this.#error.replaceChildren(h('strong', {}, error?.message ?? ''), ` ${error?.hint ?? ''}`);
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
      ...recordings.map(({ name, title }) => h('option', { value: name, selected: name === active }, title)),
    );
  }
}
