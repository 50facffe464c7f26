/** What the video flow is, and how good: for people who wonder what they see. */
import { h } from './dom.ts';

const PARAGRAPHS = [
  'The video flow is a small relative of STARFlow-V: a normalizing flow over video. It turns noise into pictures with no keypoints, no warping and no portrait to lean on, and can say exactly how likely it finds any clip.',
  'It is small and honest about it: faces of 64 × 64 pixels, 12.5 a second, learned from a few people who talk to a camera. It keeps the person for a second or so and moves them plausibly; details are soft, larger turns smear, and the longer a clip, the more the face drifts. From words alone it shows nobody in particular.',
];

export function aboutTheModel(): HTMLElement {
  return h(
    'details',
    { class: 'explain' },
    h('summary', {}, 'What is the video flow?'),
    ...PARAGRAPHS.map((words) => h('p', {}, words)),
  );
}
