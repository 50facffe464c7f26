/** Text that explains the video model and its limits. */
import { h } from '../ui/dom.ts';

const PARAGRAPHS = [
  'The video model is a small version of STARFlow-V, a normalizing flow for video: an invertible network that turns random numbers into clips. It generates the pixels directly, without keypoints or warping, and can compute how likely any given clip is.',
  'It generates faces of 64 × 64 pixels at 12.5 frames a second, and was trained for about an hour on 153 people who talk to a camera. It keeps the person and moves them a little, least in the first clip and most in the last; a face that has just moved a lot becomes blurred.',
  'From words only it generates a blurred, average face. On people that it was not trained on, the words have little effect yet.',
];

/** Return the section below the video form that explains the model. */
export function aboutVideoModel(): HTMLElement {
  return h(
    'details',
    { class: 'explain' },
    h('summary', {}, 'What is the video model?'),
    ...PARAGRAPHS.map((text) => h('p', {}, text)),
  );
}
