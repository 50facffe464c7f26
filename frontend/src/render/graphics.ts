/** Small helpers around WebGL2: programs, textures, and textures that are drawn to. */

/** What a portrait or mosaic is read from. */
export type PictureSource = ImageBitmap | ImageData;

/** A linked program; its uniforms are set by name while it is in use. */
export class Program {
  readonly #program: WebGLProgram;
  readonly #locations = new Map<string, WebGLUniformLocation | null>();

  /**
   * @param gl the graphics.
   * @param vertex text of the vertex shader.
   * @param fragment text of the fragment shader.
   * @param samplers unit of each texture that the shaders read.
   * @throws Error if the graphics refuse the shaders.
   */
  constructor(
    private readonly gl: WebGL2RenderingContext,
    vertex: string,
    fragment: string,
    samplers: Record<string, number>,
  ) {
    this.#program = gl.createProgram();
    for (const [type, text] of [
      [gl.VERTEX_SHADER, vertex],
      [gl.FRAGMENT_SHADER, fragment],
    ] as const) {
      const shader = gl.createShader(type);
      if (!shader) continue;
      gl.shaderSource(shader, text);
      gl.compileShader(shader);
      gl.attachShader(this.#program, shader);
    }
    gl.linkProgram(this.#program);
    if (!gl.getProgramParameter(this.#program, gl.LINK_STATUS) && !gl.isContextLost()) {
      throw new Error(`The graphics refuse the shaders: ${gl.getProgramInfoLog(this.#program)}`);
    }
    this.use();
    for (const [name, unit] of Object.entries(samplers)) gl.uniform1i(this.at(name), unit);
  }

  use(): void {
    this.gl.useProgram(this.#program);
  }

  /** Return where to set a uniform; null, which sets nothing, if the shaders do not read it. */
  at(name: string): WebGLUniformLocation | null {
    if (!this.#locations.has(name)) this.#locations.set(name, this.gl.getUniformLocation(this.#program, name));
    return this.#locations.get(name) ?? null;
  }
}

/** Create a texture and bind it to the active unit; it is read bilinearly, and its edges are repeated. */
export function createTexture(gl: WebGL2RenderingContext, target: number): WebGLTexture {
  const texture = gl.createTexture();
  gl.bindTexture(target, texture);
  for (const name of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(target, name, gl.LINEAR);
  for (const name of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) gl.texParameteri(target, name, gl.CLAMP_TO_EDGE);
  return texture;
}

/** A texture of colours with opacity that is drawn to, on the active unit. */
export class Target {
  readonly texture: WebGLTexture;
  readonly #frame: WebGLFramebuffer;

  constructor(
    private readonly gl: WebGL2RenderingContext,
    readonly width: number,
    readonly height: number,
  ) {
    this.texture = createTexture(gl, gl.TEXTURE_2D);
    gl.texStorage2D(gl.TEXTURE_2D, 1, gl.RGBA8, width, height);
    this.#frame = gl.createFramebuffer();
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.#frame);
    gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, this.texture, 0);
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
  }

  /** Draw all of it with the program in use. */
  draw(): void {
    const { gl } = this;
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.#frame);
    gl.viewport(0, 0, this.width, this.height);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
  }

  free(): void {
    this.gl.deleteFramebuffer(this.#frame);
    this.gl.deleteTexture(this.texture);
  }
}
