/** The button at the top of the page that turns the camera on and off. */
import { h, icon } from '../ui/dom.ts';

export type CameraState = 'off' | 'starting' | 'on';

const LABELS: Record<CameraState, string> = {
  off: 'Use my camera',
  starting: 'Starting the camera…',
  on: 'Stop the camera',
};

export class CameraButton {
  readonly element = h('button', { type: 'button', class: 'primary', id: 'camera' });

  constructor(toggle: () => void) {
    this.element.addEventListener('click', toggle);
    this.show('off');
  }

  show(state: CameraState): void {
    this.element.replaceChildren(icon('M4 7.5h11v9H4zM15 10.5l5-3v9l-5-3'), LABELS[state]);
    this.element.dataset.state = state;
    this.element.setAttribute('aria-busy', String(state === 'starting'));
  }
}
