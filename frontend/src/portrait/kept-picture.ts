/** The user's own picture where it stays in this browser: its crop, and the landmarks that the server gets of it. */
import { toBlob } from '../ui/canvas.ts';

export class KeptPicture {
  /**
   * @param crop the square around the face.
   * @param landmarks 478 points x, y, z in [-1, 1] of the crop.
   */
  constructor(
    private readonly crop: HTMLCanvasElement,
    readonly landmarks: readonly (readonly [number, number, number])[],
  ) {}

  /** Return the crop for this page's graphics, in its own colours. */
  pixels(): Promise<ImageBitmap> {
    return createImageBitmap(this.crop, { colorSpaceConversion: 'none', premultiplyAlpha: 'none' });
  }

  /** Return the crop as a file without loss. */
  toFile(): Promise<Blob> {
    return toBlob(this.crop);
  }
}

/** Makes a kept picture of a file. @throws ApiError with the server's codes if the file cannot be used. */
export type KeepPicture = (file: Blob) => Promise<KeptPicture>;
