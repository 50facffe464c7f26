/** What one sees, for a person who has never heard of any of this. */
import { h } from './dom.ts';
import type { Shortcut } from './shortcuts.ts';

export const TAGLINE =
  'A face moves; a model imagines several ways it may move next, and a second later you see which one came true.';

const STEPS: [title: string, words: string][] = [
  [
    'Watch',
    'Your browser finds 478 points on a face, 12 times a second. The server condenses them to ten keypoints and remembers how they have moved.',
  ],
  [
    'Imagine',
    'A recurrent network conditions a normalizing flow (GRU-NF). Each draw from it is one possible next 1.3 seconds. With GRU-SNF, Markov-chain steps between the flow’s layers make the draws more diverse.',
  ],
  [
    'Paint',
    'Every future moves the portrait: its pixels are warped along, and only what was hidden (teeth, eyelids) is painted new.',
  ],
  [
    'Compare',
    'When the time has come, the same futures are shown beside what really happened. The closest one is marked, and measured against the dullest forecast there is: that nothing moves.',
  ],
];

/** The disclosure below the stage. */
export function howItWorks(shortcuts: Shortcut[]): HTMLElement {
  const steps = STEPS.map(([title, words]) => h('li', {}, h('h3', {}, title), h('p', {}, words)));
  const keys = shortcuts.map(({ label, words }) => h('li', {}, h('kbd', {}, label), ` ${words}`));
  return h(
    'details',
    { class: 'explain' },
    h('summary', {}, 'How it works'),
    h('ol', { class: 'steps' }, ...steps),
    h(
      'p',
      {},
      'Coloured lines over “Now” are the paths of the keypoints in every future, drawn anew 12 times a second; a colour is one future everywhere on this page. “Surprise” is how unlikely the model found the last step: 0 is routine, 100 is hardly ever seen.',
    ),
    h(
      'p',
      {},
      'The models are small. They know talking heads seen from the front; big turns, wide-open mouths and closed eyes come out soft.',
    ),
    h('ul', { class: 'keys', 'aria-label': 'Keyboard shortcuts' }, ...keys),
  );
}

export const PRIVACY =
  'Private by design: the camera picture never leaves this browser. Only face points are sent, and pictures of a portrait you choose; all are forgotten when you close the page.';
