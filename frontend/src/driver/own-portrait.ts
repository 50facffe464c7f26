/**
 * Makes a portrait of the user's own picture without the server: decodes it, finds its one face and crops to it, as
 * `backend/media/images.py` does.
 */
import { ApiError } from '../net/api.ts';
import { LANDMARKS } from '../net/protocol.ts';
import { KeptPicture } from '../portrait/kept-picture.ts';
import {
  centredSquare,
  type FacePoint,
  faceSize,
  MARGIN,
  portraitSize,
  portraitSquare,
  type Square,
} from '../portrait/portrait-crop.ts';
import { cutSquare } from '../portrait/resample.ts';
import { context2d, gridCanvas } from '../ui/canvas.ts';
import { h } from '../ui/dom.ts';
import { type Pixels, pixels } from '../ui/units.ts';
import { StillFaces } from './face-mesh.ts';

/** Longest edge in pixels at which faces are searched for; larger pictures are reduced. */
const MAX_WORKING_EDGE = 2048;
/** Least longer side of the face's box, in pixels of the file. */
const MIN_FACE = 80;
/** Least size, relative to the largest face, of a second person who is not in the background. */
const MIN_SECOND_FACE = 0.4;
/** Side in pixels to which a searched part is resized. */
const SEARCH_PIXELS = 256;
/** With so many calls, the place of the face comes from the face itself instead of the detector's box. */
const FOLLOWED = 3;
const GREY = 'rgb(128 128 128)';

type Decoded = { canvas: HTMLCanvasElement; scale: number };
/** What a search needs of Face Mesh. */
export type Faces = Pick<StillFaces, 'find' | 'close'>;

/**
 * Make a kept picture of a file.
 *
 * @param file in a format that this browser reads.
 * @param open opens Face Mesh.
 * @throws ApiError with the server's codes (`portrait_not_image`, `portrait_no_face`, ...), CameraError without Face Mesh.
 */
export async function keepPicture(file: Blob, open: () => Promise<Faces> = StillFaces.open): Promise<KeptPicture> {
  const { canvas, scale } = await decode(file);
  const faces = await open();
  try {
    const face = chooseFace(await findFaces(faces, canvas), MIN_FACE * scale);
    const square = portraitSquare(face, canvas.width, canvas.height);
    const crop = cut(canvas, square, portraitSize(square));
    const placed = await follow(faces, crop, toCrop(face, square, crop.width));
    return new KeptPicture(crop, landmarksOf(placed, crop.width));
  } finally {
    await faces.close();
  }
}

/** Decode a file upright in its own colours, transparent pixels on grey, at most `MAX_WORKING_EDGE` long. */
async function decode(file: Blob): Promise<Decoded> {
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(file, { colorSpaceConversion: 'none' });
  } catch {
    const hint = 'Choose a JPEG, PNG or WebP that opens elsewhere.';
    throw refusal('portrait_not_image', 'This browser cannot read that file as a picture.', hint);
  }
  if (Math.min(bitmap.width, bitmap.height) < MIN_FACE) throw tooSmall();
  const scale = Math.min(1, MAX_WORKING_EDGE / Math.max(bitmap.width, bitmap.height));
  const [width, height] = [Math.round(bitmap.width * scale), Math.round(bitmap.height * scale)];
  const canvas = h('canvas', { width, height });
  const context = context2d(canvas);
  context.fillStyle = GREY;
  context.fillRect(0, 0, width, height);
  context.imageSmoothingQuality = 'high';
  context.drawImage(bitmap, 0, 0, width, height);
  bitmap.close();
  return { canvas, scale };
}

/** Return the faces of a picture, each found again in a close-up: in the whole, else with padding, else in its parts. */
async function findFaces(faces: Faces, canvas: HTMLCanvasElement): Promise<FacePoint[][]> {
  const { width, height } = canvas;
  for (const squares of [[], ...searches(width, height)]) {
    const found = squares.length === 0 ? await faces.find(canvas) : [];
    for (const square of squares) found.push(...(await findIn(faces, canvas, square)));
    const confirmed: FacePoint[][] = [];
    for (const face of found) {
      const close = await findIn(faces, canvas, centredSquare(face, MARGIN * faceSize(face)));
      const again = close.find((other) => samePlace(other, face));
      if (again && !confirmed.some((known) => samePlace(known, again))) confirmed.push(again);
    }
    if (confirmed.length > 0) return confirmed;
  }
  return [];
}

/** Return the squares of each further search: with padding, then parts of half of the longer edge. */
function searches(width: number, height: number): Square[][] {
  const edge = Math.max(width, height);
  const at = (x: number, y: number, side: number) => ({ x: pixels(x), y: pixels(y), side: pixels(side) });
  const parts: Square[] = [];
  for (let y = 0; y === 0 || y < height - edge / 4; y += edge / 4) {
    for (let x = 0; x === 0 || x < width - edge / 4; x += edge / 4) parts.push(at(x, y, edge / 2));
  }
  return [[at((width - 1.6 * edge) / 2, (height - 1.6 * edge) / 2, 1.6 * edge)], parts];
}

/** Return the largest face. @throws ApiError if there is none, if it is too small, or if another one is nearly as large. */
function chooseFace(faces: FacePoint[][], minSize: number): FacePoint[] {
  const [face, second] = faces.toSorted((a, b) => faceSize(b) - faceSize(a));
  if (!face) {
    const hint = 'Choose one where a single face looks at the camera, unobstructed.';
    throw refusal('portrait_no_face', 'No face was found in the picture.', hint);
  }
  if (second && faceSize(second) >= MIN_SECOND_FACE * faceSize(face)) {
    throw refusal('portrait_several_faces', 'The picture shows several faces.', 'Crop it to the one that should move.');
  }
  if (faceSize(face) < minSize) throw tooSmall();
  return face;
}

/** Find faces in a square of a picture, in pixels of the picture. */
async function findIn(faces: Faces, canvas: HTMLCanvasElement, square: Square): Promise<FacePoint[][]> {
  const part = gridCanvas(1, 1, SEARCH_PIXELS);
  part.fillStyle = GREY;
  part.fillRect(0, 0, SEARCH_PIXELS, SEARCH_PIXELS);
  part.imageSmoothingQuality = 'high';
  const zoom = SEARCH_PIXELS / square.side;
  part.drawImage(canvas, -square.x * zoom, -square.y * zoom, canvas.width * zoom, canvas.height * zoom);
  const found = await faces.find(part.canvas);
  return found.map((face) =>
    face.map(({ x, y, z }) => ({ x: x / zoom + square.x, y: y / zoom + square.y, z: z / zoom })),
  );
}

/** Find the face in its crop, where it was expected, as in a video: each call starts from the result of the one before. */
async function follow(faces: Faces, crop: HTMLCanvasElement, expected: FacePoint[]): Promise<FacePoint[]> {
  let face = expected;
  for (let call = 0; call < FOLLOWED; call++) {
    const found = (await faces.find(crop, call > 0)).find((other) => samePlace(other, expected));
    if (!found) break;
    face = found;
  }
  return face;
}

function cut(canvas: HTMLCanvasElement, square: Square, size: number): HTMLCanvasElement {
  const { width, height } = canvas;
  const data = cutSquare(context2d(canvas).getImageData(0, 0, width, height), square, size);
  const crop = gridCanvas(1, 1, size);
  crop.putImageData(new ImageData(data, size, size), 0, 0);
  return crop.canvas;
}

/** Convert points from pixels of the picture to pixels of the crop. */
function toCrop(face: FacePoint[], square: Square, size: number): FacePoint[] {
  const zoom = size / square.side;
  return face.map(({ x, y, z }) => ({ x: (x - square.x) * zoom, y: (y - square.y) * zoom, z: z * zoom }));
}

/** Convert points from pixels of the crop to [-1, 1]. */
function landmarksOf(face: FacePoint[], size: number): [number, number, number][] {
  const scale = 2 / size;
  return face.slice(0, LANDMARKS).map(({ x, y, z }) => [x * scale - 1, y * scale - 1, z * scale]);
}

/** Return whether two sets of points overlap enough to be one face. */
function samePlace(one: FacePoint[], other: FacePoint[]): boolean {
  const [a, b] = [middleOf(one), middleOf(other)];
  return Math.hypot(a.x - b.x, a.y - b.y) < 0.5 * Math.max(faceSize(one), faceSize(other));
}

function middleOf(face: FacePoint[]): { x: Pixels; y: Pixels } {
  const mean = (axis: 'x' | 'y') => pixels(face.reduce((sum, point) => sum + point[axis], 0) / face.length);
  return { x: mean('x'), y: mean('y') };
}

function tooSmall(): ApiError {
  const message = `The face is too small: it needs at least ${MIN_FACE} pixels.`;
  return refusal('portrait_too_small', message, 'Choose a larger picture, or a closer one.');
}

/** An error as the server would answer it. */
function refusal(code: string, message: string, hint: string): ApiError {
  return new ApiError(0, code, message, hint);
}
