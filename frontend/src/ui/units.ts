/** Two number types that the compiler keeps apart: pixels, and crop units in [-1, 1]. */

export type Pixels = number & { readonly unit: 'pixels' };
export type Unit = number & { readonly unit: 'crop' };

export const pixels = (value: number): Pixels => value as Pixels;
export const unit = (value: number): Unit => value as Unit;

/** Convert a crop coordinate to pixels of a square of this side. */
export function toPixels(value: Unit, side: Pixels): Pixels {
  return pixels(((value + 1) / 2) * side);
}
