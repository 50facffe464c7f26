/** Words as a picture, for a tile that has no other. */
import { cellsOf } from './clip.ts';
import { context2d, h } from './dom.ts';

const SIDE = 256;
const LINE = 34;

export function wordsPicture(words: string[]): ReturnType<typeof cellsOf> {
  const context = context2d(h('canvas', { width: SIDE, height: SIDE }));
  context.fillStyle = '#1c1f29';
  context.fillRect(0, 0, SIDE, SIDE);
  context.fillStyle = '#eeecf4';
  context.font = '500 24px "Inter Variable", system-ui, sans-serif';
  context.textAlign = 'center';
  words.forEach((word, i) => {
    context.fillText(word, SIDE / 2, SIDE / 2 + 8 + (i - (words.length - 1) / 2) * LINE);
  });
  return cellsOf(context.canvas, 0, 1, SIDE);
}
