/**
 * Composes frames from layers and the portrait with WebGL2, on one canvas for all tiles: each tile takes a copy. The browser
 * may lose the graphics at any time. Textures of before are then gone, and nothing is composed until it restores them.
 */
import type { LayersHead } from '../net/layers.ts';
import { h } from '../ui/dom.ts';
import { FRAGMENT, MAX_CROPS, VERTEX } from './shaders.ts';

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

/** What a portrait or mosaic is read from. */
export type PictureSource = ImageBitmap | ImageData;

/** Where tiles are smaller than the portrait, a mipmap that is finer by half a level keeps it sharp. */
const SHARPER = 0.5;

const SAMPLERS = ['portrait', 'flowFrom', 'mosaicFrom', 'flowTo', 'mosaicTo'];

export class Composer {
  /** Called when the graphics are lost (false) and when they are back (true). */
  onChange: (usable: boolean) => void = () => undefined;
  #life = 0;
  #lost = false;
  #uniforms: (name: string) => WebGLUniformLocation | null = () => null;
  #portrait: PictureSource | null = null;
  #portraitTexture: WebGLTexture | null = null;

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
    gl.activeTexture(gl.TEXTURE0 + SAMPLERS.length);
    const flowTexture = this.#texture(gl.TEXTURE_2D_ARRAY, gl.LINEAR);
    gl.texImage3D(gl.TEXTURE_2D_ARRAY, 0, gl.RG16F, sizes.flow, sizes.flow, frames, 0, gl.RG, gl.FLOAT, flow);
    const mosaicTexture = this.#texture(gl.TEXTURE_2D, gl.LINEAR);
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
    if (!this.usable || !this.#portraitTexture || [from, to].some((frame) => frame.textures.life !== this.#life))
      return false;
    if (canvas.width < side) canvas.width = canvas.height = side;
    gl.viewport(0, canvas.height - side, side, side);
    this.#bind(1, from);
    this.#bind(3, to);
    const { sizes } = from.textures;
    const mixed = from.placement.map((value, i) => value + part * ((to.placement[i] ?? value) - value));
    const u = this.#uniforms;
    gl.uniform1f(u('part'), part);
    // Only the tile's size counts: where the motion shrinks the portrait, the server does not blur it either.
    gl.uniform1f(u('level'), Math.max(0, Math.log2(this.side / side) - SHARPER));
    gl.uniform1f(u('fade'), from.fade + part * (to.fade - from.fade));
    gl.uniform2f(u('slots'), from.index, to.index);
    gl.uniform4f(u('cells'), ...cornerOf(from), ...cornerOf(to));
    gl.uniform1f(u('side'), sizes.side);
    gl.uniform1f(u('crop'), sizes.crop);
    gl.uniform1i(u('crops'), sizes.crops);
    if (mixed.length > 0) gl.uniform4fv(u('placement'), mixed);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
    return true;
  }

  /** Read the RGBA bytes of a square of the last composed frame, which waits until it is composed; rows from below. */
  read(side: number): Uint8Array {
    const { gl, canvas } = this;
    const pixels = new Uint8Array(4 * side * side);
    gl.readPixels(0, canvas.height - side, side, side, gl.RGBA, gl.UNSIGNED_BYTE, pixels);
    return pixels;
  }

  #bind(unit: number, { textures }: LayerFrame): void {
    const { gl } = this;
    gl.activeTexture(gl.TEXTURE0 + unit);
    gl.bindTexture(gl.TEXTURE_2D_ARRAY, textures.flow);
    gl.activeTexture(gl.TEXTURE0 + unit + 1);
    gl.bindTexture(gl.TEXTURE_2D, textures.mosaic);
  }

  #build(): void {
    const { gl } = this;
    const program = gl.createProgram();
    for (const [type, text] of [
      [gl.VERTEX_SHADER, VERTEX],
      [gl.FRAGMENT_SHADER, FRAGMENT],
    ] as const) {
      const shader = gl.createShader(type);
      if (!shader) continue;
      gl.shaderSource(shader, text);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
    }
    gl.linkProgram(program);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost()) {
      throw new Error(`The graphics refuse the shaders: ${gl.getProgramInfoLog(program)}`);
    }
    gl.useProgram(program);
    const locations = new Map<string, WebGLUniformLocation | null>();
    this.#uniforms = (name) => {
      if (!locations.has(name)) locations.set(name, gl.getUniformLocation(program, name));
      return locations.get(name) ?? null;
    };
    SAMPLERS.forEach((name, unit) => {
      gl.uniform1i(this.#uniforms(name), unit);
    });
    this.#portraitTexture = null;
    this.#uploadPortrait();
  }

  #uploadPortrait(): void {
    const { gl } = this;
    if (this.#portraitTexture) gl.deleteTexture(this.#portraitTexture);
    this.#portraitTexture = null;
    if (!this.#portrait || !this.usable) return;
    gl.activeTexture(gl.TEXTURE0);
    this.#portraitTexture = this.#texture(gl.TEXTURE_2D, gl.LINEAR_MIPMAP_LINEAR);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, this.#portrait);
    gl.generateMipmap(gl.TEXTURE_2D);
  }

  /** Create a texture and bind it to the active unit. */
  #texture(target: number, shrunk: number): WebGLTexture {
    const { gl } = this;
    const texture = gl.createTexture();
    gl.bindTexture(target, texture);
    gl.texParameteri(target, gl.TEXTURE_MIN_FILTER, shrunk);
    gl.texParameteri(target, gl.TEXTURE_MAG_FILTER, gl.LINEAR);
    gl.texParameteri(target, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
    gl.texParameteri(target, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
    return texture;
  }
}

/** Corner of a frame's cell in its mosaic, in texels. */
function cornerOf({ textures, index }: LayerFrame): [number, number] {
  const { side, crops, crop } = textures.sizes;
  const width = Math.max(side, crops * crop);
  return [(index % textures.columns) * width, Math.floor(index / textures.columns) * 2 * (side + crop)];
}
