/**
 * Composes frames from layers and the portrait with WebGL2, on one canvas for all tiles: each tile takes a copy. The browser
 * may lose the graphics at any time. Textures of before are then gone, and nothing is composed until it restores them.
 */
import type { LayersHead } from '../net/layers.ts';
import { h } from '../ui/dom.ts';
import { createTexture, type PictureSource, Program, Target } from './graphics.ts';
import { PortraitTextures } from './portrait-textures.ts';
import { BLEND, CROP, CROP_PLACE, FRAME, MAX_CROPS, WHOLE } from './shaders.ts';

/** The textures of a sheet and their sizes. `life` numbers the graphics that hold them: each loss ends one life. */
export type LayerTextures = {
  readonly life: number;
  readonly flow: WebGLTexture;
  readonly mosaic: WebGLTexture;
  readonly sizes: LayersHead;
  /** Cells in a row of the mosaic. */
  readonly columns: number;
};

/** One frame of a sheet; `fade` and its `placement` `[P, 4]` are those of `PackedLayers`. */
export type LayerFrame = { textures: LayerTextures; index: number; fade: number; placement: Float32Array };

/** Units of the textures; `spare` is for those that are being made. */
const UNIT = { portrait: 0, layers: 1, flowFrom: 2, mosaicFrom: 3, flowTo: 4, mosaicTo: 5, spare: 6 };

type Programs = { blend: Program; frame: Program; crop: Program };

export class Composer {
  /** Called when the graphics are lost (false) and when they are back (true). */
  onChange: (usable: boolean) => void = () => undefined;
  #life = 0;
  #lost = false;
  #programs: Programs | null = null;
  /** The blended layers of the frame that is being composed. */
  #layers: Target | null = null;
  #portrait: PictureSource | null = null;
  #portraitTextures: PortraitTextures | null = null;

  /** Create a composer, or null if this browser has no WebGL2 that takes the shaders. */
  static create(): Composer | null {
    const canvas = h('canvas', { width: 1, height: 1 });
    const gl = canvas.getContext('webgl2', { alpha: false, antialias: false, depth: false });
    try {
      return gl && new Composer(canvas, gl);
    } catch {
      return null;
    }
  }

  private constructor(
    readonly canvas: HTMLCanvasElement,
    private readonly gl: WebGL2RenderingContext,
  ) {
    this.#build();
    canvas.addEventListener('webglcontextlost', (event) => {
      // Without this, the browser does not restore the graphics.
      event.preventDefault();
      this.#lost = true;
      this.#life++;
      this.onChange(false);
    });
    canvas.addEventListener('webglcontextrestored', () => {
      this.#lost = false;
      this.#build();
      this.onChange(true);
    });
  }

  get usable(): boolean {
    return !this.#lost && !this.gl.isContextLost();
  }

  /** Return whether these textures can still be composed. */
  holds(textures: LayerTextures): boolean {
    return this.usable && textures.life === this.#life;
  }

  /** Side in pixels of the portrait; 0 without one. */
  get side(): number {
    return this.#portrait?.width ?? 0;
  }

  /** Take the portrait of all following frames; null takes it away. */
  setPortrait(pixels: PictureSource | null): void {
    this.#portrait = pixels;
    this.#uploadPortrait();
  }

  /** Make textures of the flow `[F, side, side, 2]` in crop units and of the mosaic. Returns null while nothing can be composed. */
  upload(
    flow: Float32Array,
    frames: number,
    mosaic: PictureSource,
    sizes: LayersHead,
    columns: number,
  ): LayerTextures | null {
    const { gl } = this;
    if (!this.usable || sizes.crops > MAX_CROPS) return null;
    gl.activeTexture(gl.TEXTURE0 + UNIT.spare);
    const flowTexture = createTexture(gl, gl.TEXTURE_2D_ARRAY);
    gl.texImage3D(gl.TEXTURE_2D_ARRAY, 0, gl.RG16F, sizes.flow, sizes.flow, frames, 0, gl.RG, gl.FLOAT, flow);
    const mosaicTexture = createTexture(gl, gl.TEXTURE_2D);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, mosaic);
    return { life: this.#life, flow: flowTexture, mosaic: mosaicTexture, sizes, columns };
  }

  /** Free the textures of a sheet. */
  release({ life, flow, mosaic }: LayerTextures): void {
    if (life !== this.#life) return;
    this.gl.deleteTexture(flow);
    this.gl.deleteTexture(mosaic);
  }

  /**
   * Compose a frame at the top left of the canvas.
   *
   * @param from the frame, or the earlier one of two.
   * @param to the later one; the layers of both are blended.
   * @param part weight of the later one in [0, 1].
   * @param side of the frame in pixels.
   * @returns whether there is one: not without graphics or portrait.
   */
  compose(from: LayerFrame, to: LayerFrame, part: number, side: number): boolean {
    const { gl, canvas } = this;
    const [programs, portrait] = [this.#programs, this.#portraitTextures];
    if (!programs || !portrait || ![from, to].every(({ textures }) => this.holds(textures))) return false;
    if (canvas.width < side) canvas.width = canvas.height = side;
    const { sizes } = from.textures;
    const fade = from.fade + part * (to.fade - from.fade);
    const mixed = from.placement.map((value, i) => value + part * ((to.placement[i] ?? value) - value));
    this.#bind(UNIT.flowFrom, UNIT.mosaicFrom, from);
    this.#bind(UNIT.flowTo, UNIT.mosaicTo, to);
    portrait.bind(side);

    const { blend, frame, crop } = programs;
    blend.use();
    gl.uniform1f(blend.at('part'), part);
    gl.uniform1f(blend.at('fade'), fade);
    gl.uniform4i(blend.at('cells'), ...cornerOf(from), ...cornerOf(to));
    gl.uniform1i(blend.at('side'), sizes.side);
    gl.uniform1i(blend.at('crop'), sizes.crop);
    this.#layersFor(sizes).draw();

    gl.viewport(0, canvas.height - side, side, side);
    frame.use();
    gl.uniform1f(frame.at('part'), part);
    gl.uniform1f(frame.at('fade'), fade);
    gl.uniform2f(frame.at('slots'), from.index, to.index);
    gl.uniform1f(frame.at('side'), sizes.side);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
    if (sizes.crops === 0) return true;

    crop.use();
    gl.uniform1f(crop.at('side'), sizes.side);
    gl.uniform1f(crop.at('crop'), sizes.crop);
    gl.uniform4fv(crop.at('placement'), mixed);
    gl.enable(gl.BLEND);
    gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, sizes.crops);
    gl.disable(gl.BLEND);
    return true;
  }

  /** Read the RGBA bytes of a square of the last composed frame, which waits until it is composed; rows from below. */
  read(side: number): Uint8Array {
    const { gl, canvas } = this;
    const pixels = new Uint8Array(4 * side * side);
    gl.readPixels(0, canvas.height - side, side, side, gl.RGBA, gl.UNSIGNED_BYTE, pixels);
    return pixels;
  }

  #bind(flowUnit: number, mosaicUnit: number, { textures }: LayerFrame): void {
    const { gl } = this;
    gl.activeTexture(gl.TEXTURE0 + flowUnit);
    gl.bindTexture(gl.TEXTURE_2D_ARRAY, textures.flow);
    gl.activeTexture(gl.TEXTURE0 + mosaicUnit);
    gl.bindTexture(gl.TEXTURE_2D, textures.mosaic);
  }

  /** Return the texture for blended layers of these sizes, bound to its unit. */
  #layersFor({ side, crops, crop }: LayersHead): Target {
    const { gl } = this;
    const [width, height] = [Math.max(side, crops * crop), side + crop];
    if (this.#layers?.width === width && this.#layers.height === height) return this.#layers;
    this.#layers?.free();
    gl.activeTexture(gl.TEXTURE0 + UNIT.layers);
    this.#layers = new Target(gl, width, height);
    return this.#layers;
  }

  #build(): void {
    const { gl } = this;
    this.#programs = {
      blend: new Program(gl, WHOLE, BLEND, UNIT),
      frame: new Program(gl, WHOLE, FRAME, UNIT),
      crop: new Program(gl, CROP_PLACE, CROP, UNIT),
    };
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    this.#layers = null;
    this.#portraitTextures = null;
    this.#uploadPortrait();
  }

  #uploadPortrait(): void {
    this.#portraitTextures?.free();
    this.#portraitTextures = null;
    if (this.#portrait && this.usable) {
      this.#portraitTextures = new PortraitTextures(this.gl, UNIT.portrait, this.#portrait);
    }
  }
}

/** Corner of a frame's cell in its mosaic, in texels. */
function cornerOf({ textures, index }: LayerFrame): [number, number] {
  const { side, crops, crop } = textures.sizes;
  const width = Math.max(side, crops * crop);
  return [(index % textures.columns) * width, Math.floor(index / textures.columns) * 2 * (side + crop)];
}
