/** What the video flow is, and how good: for people who wonder what they see. */
import { h } from './dom.ts';

const PARAGRAPHS = [
  'The video flow is a small relative of STARFlow-V: a normalizing flow over video. It turns noise into pictures with no keypoints, no warping and no portrait to lean on, and can say exactly how likely it finds any clip.',
  'It is small: faces of 64 × 64 pixels, 12.5 a second, learned in about an hour from 153 people who talk to a camera. It keeps the person and moves them a little, from calm (the first clip) to lively (the last); where a face has just moved a lot, lively clips smear.',
  'From words alone it shows a blurred nobody, and measured on people it has not seen, the words hardly steer it yet: take them as a wish.',
];

export function aboutTheModel(): HTMLElement {
  return h(
    'details',
    { class: 'explain' },
    h('summary', {}, 'What is the video flow?'),
    ...PARAGRAPHS.map((words) => h('p', {}, words)),
  );
}
