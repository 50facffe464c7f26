/** The portrait as a texture, and shrunk once for each size of tile: a frame then reads one texel of about its own size. */
import { createTexture, type PictureSource, Program, Target } from './graphics.ts';
import { SHRINK, WHOLE } from './shaders.ts';

/** Sizes that are kept: those of both rows of tiles, and of a row while its size changes. */
const MAX_SIZES = 4;

export class PortraitTextures {
  readonly #texture: WebGLTexture;
  readonly #shrink: Program;
  readonly #shrunk = new Map<number, Target>();

  /**
   * @param gl the graphics.
   * @param unit of the textures, where a size that was asked for stays bound.
   * @param pixels the portrait.
   */
  constructor(
    private readonly gl: WebGL2RenderingContext,
    private readonly unit: number,
    private readonly pixels: PictureSource,
  ) {
    this.#shrink = new Program(gl, WHOLE, SHRINK, { picture: unit });
    gl.activeTexture(gl.TEXTURE0 + unit);
    this.#texture = createTexture(gl, gl.TEXTURE_2D);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, pixels);
  }

  /** Bind the portrait for tiles of so many pixels; larger ones than the portrait get it as it is. */
  bind(side: number): void {
    const { gl } = this;
    const texture = side < this.pixels.width ? this.#sized(side).texture : this.#texture;
    gl.activeTexture(gl.TEXTURE0 + this.unit);
    gl.bindTexture(gl.TEXTURE_2D, texture);
  }

  free(): void {
    this.gl.deleteTexture(this.#texture);
    for (const target of this.#shrunk.values()) target.free();
  }

  #sized(side: number): Target {
    const known = this.#shrunk.get(side);
    if (known) return known;
    const { gl } = this;
    for (const [oldest, target] of this.#shrunk) {
      if (this.#shrunk.size < MAX_SIZES) break;
      target.free();
      this.#shrunk.delete(oldest);
    }
    gl.activeTexture(gl.TEXTURE0 + this.unit);
    const target = new Target(gl, side, side);
    gl.bindTexture(gl.TEXTURE_2D, this.#texture);
    this.#shrink.use();
    gl.uniform1f(this.#shrink.at('ratio'), this.pixels.width / side);
    target.draw();
    this.#shrunk.set(side, target);
    return target;
  }
}
