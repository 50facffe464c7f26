/** Makes a sheet that can be shown of a received message. */
import type { SheetMessage } from '../net/connection.ts';
import { unpackFlow } from '../net/layers.ts';
import type { Composer } from './composer.ts';
import { LayeredSheet } from './layered-sheet.ts';
import { BitmapSheet, type Sheet } from './sheet.ts';

/**
 * Decode the tiles of a message. `composer` composes layers.
 *
 * @returns null if the message has no tiles, or layers while nothing composes them.
 * @throws Error if the tiles are damaged.
 */
export async function decodeSheet(message: SheetMessage, composer: Composer | null): Promise<Sheet | null> {
  const { head, jpeg, layers } = message;
  if (jpeg.length === 0) return null;
  const picture = new Blob([jpeg], { type: 'image/jpeg' });
  if (!layers || !head.layers) {
    const bitmap = await createImageBitmap(picture);
    return new BitmapSheet(bitmap, head.tile, head.columns, head.tiles, head.present);
  }
  // A sheet that comes before the portrait cannot be composed.
  if (!composer || composer.side === 0) return null;
  const [mosaic, flow] = await Promise.all([
    createImageBitmap(picture, { colorSpaceConversion: 'none', premultiplyAlpha: 'none' }),
    unpackFlow(layers.flow, head.tiles, head.layers.flow),
  ]);
  const textures = composer.upload(flow, head.tiles, mosaic, head.layers, head.columns);
  mosaic.close();
  return textures && new LayeredSheet(composer, textures, layers, head.present);
}
