/** Text that explains the page to a visitor who has not heard of any of its terms. */
import { h } from './dom.ts';
import type { Shortcut } from './shortcuts.ts';

export const TAGLINE =
  'A face moves, a model predicts several ways it may move next, and a second later you see which one came true.';

const STEPS: [title: string, text: string][] = [
  [
    'Track',
    'Your browser finds 478 points on the face in every frame. Twelve times a second, the server reduces them to ten keypoints and updates its memory of how they moved.',
  ],
  [
    'Predict',
    'A normalizing flow, a neural network that turns random numbers into possible motions, predicts from that memory. Every sample is one way the next 1.3 seconds may go. Many are drawn, and a few of them are chosen to stand for all.',
  ],
  [
    'Render',
    'Every future moves the portrait. Another network warps its pixels and fills in what was hidden, such as teeth and eyelids.',
  ],
  [
    'Compare',
    'When that time has passed, the same futures are shown beside what really happened. The closest one is marked if it beats the simplest forecast: that nothing moves. All together are compared with it too.',
  ],
];

/** Return the section below the stage that explains it and lists the keys. */
export function howItWorks(shortcuts: Shortcut[], keysOn: HTMLElement): HTMLDetailsElement {
  const steps = STEPS.map(([title, text]) => h('li', {}, h('h3', {}, title), h('p', {}, text)));
  const keys = shortcuts.map(({ label, action }) => h('li', {}, h('kbd', {}, label), ` ${action}`));
  return h(
    'details',
    { class: 'explain' },
    h('summary', {}, 'How it works'),
    h('ol', { class: 'steps' }, ...steps),
    h(
      'p',
      {},
      'The coloured lines over “Now” are the paths of the keypoints in every future that plays; what has passed is faint. A future has the same colour everywhere on this page. “Surprise” is how unlikely the model found the last movement: 0 is ordinary, 100 is almost never seen.',
    ),
    h(
      'p',
      {},
      'The method GRU-NF draws futures from the flow; its memory is a gated recurrent unit (GRU). GRU-SNF adds two things. Markov chain Monte Carlo (MCMC) changes the draws slightly after each block of the flow. Paired noise gives futures that are drawn together opposing random numbers, which spreads a few of them more than MCMC does.',
    ),
    h(
      'p',
      {},
      'The futures shown are chosen from all draws, so that every draw is near to one of them. The percentage under a future is its share: the part of the draws that is nearest to it. The most probable future comes first.',
    ),
    h(
      'p',
      {},
      'The models are small. They were trained on people who face a camera and talk; large turns, wide-open mouths and closed eyes look blurred.',
    ),
    h('ul', { class: 'keys', 'aria-label': 'Keyboard shortcuts' }, ...keys),
    keysOn,
  );
}

export const PRIVACY =
  'The camera picture never leaves this browser, nor does your own portrait while “Keep my picture here” is on. Otherwise the server receives it, beside face points. It keeps both in memory, and deletes them about a minute after you close this page. Pictures that you send to the video model are deleted when the clips are done.';
