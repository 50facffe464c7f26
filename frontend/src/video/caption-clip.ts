/** A caption as a picture, for the leading tile of clips that start from words. */
import { type Clip, cellsOf } from '../stage/clip.ts';
import { context2d } from '../ui/canvas.ts';
import { h } from '../ui/dom.ts';

const SIDE = 256;
const LINE_HEIGHT = 34;

/** Return a clip of one frame that shows the phrases below each other. */
export function captionClip(phrases: string[]): Clip {
  const context = context2d(h('canvas', { width: SIDE, height: SIDE }));
  context.fillStyle = '#1c1f29';
  context.fillRect(0, 0, SIDE, SIDE);
  context.fillStyle = '#eeecf4';
  context.font = '500 24px "Inter Variable", system-ui, sans-serif';
  context.textAlign = 'center';
  phrases.forEach((phrase, i) => {
    context.fillText(phrase, SIDE / 2, SIDE / 2 + 8 + (i - (phrases.length - 1) / 2) * LINE_HEIGHT);
  });
  return cellsOf(context.canvas, 0, 1, SIDE);
}
