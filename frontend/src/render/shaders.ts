/**
 * The shaders that compose one frame: the page's twin of `backend/animate/compose.py`. Graphics without hardware spend their
 * time where they read textures, so the layers of two steps are blended at their own small size first, in one texture that
 * holds the paint with alpha, and below it the crops with their opacity. Each pixel of the frame then reads three textures.
 */

/** More crops than any generator has: eyes and mouth are three. */
export const MAX_CROPS = 4;

/** One triangle that covers the viewport; `position` is in [0, 1], y down. */
export const WHOLE = `#version 300 es
out vec2 position;
void main() {
  vec2 corner = vec2(gl_VertexID == 1 ? 2.0 : 0.0, gl_VertexID == 2 ? 2.0 : 0.0);
  position = vec2(corner.x, 1.0 - corner.y);
  gl_Position = vec4(2.0 * corner - 1.0, 0.0, 1.0);
}`;

/** Blends the cells of a frame in two mosaics. A cell holds paint, alpha, the crops' colours and their opacities. */
export const BLEND = `#version 300 es
precision highp float;
uniform sampler2D mosaicFrom, mosaicTo;
uniform float part;       // weight of the later step
uniform float fade;
uniform ivec4 cells;      // corner of the frame's cell in each mosaic
uniform int side;         // of alpha and paint
uniform int crop;         // side of a crop
out vec4 layer;

vec3 blended(ivec2 at) {
  vec3 value = texelFetch(mosaicFrom, cells.xy + at, 0).rgb;
  return part > 0.0 ? mix(value, texelFetch(mosaicTo, cells.zw + at, 0).rgb, part) : value;
}

void main() {
  ivec2 at = ivec2(gl_FragCoord.xy);
  bool cropped = at.y >= side;
  if (cropped) at.y += side;
  // Paint and crops are premultiplied: by 1 - alpha, and by their opacity.
  vec3 colour = fade * blended(at);
  float cover = blended(at + ivec2(0, cropped ? crop : side)).r;
  layer = vec4(colour, cropped ? fade * cover : 1.0 - fade * (1.0 - cover));
}`;

/** Composes warped portrait and paint. */
export const FRAME = `#version 300 es
precision highp float;
precision highp sampler2DArray;
uniform sampler2D portrait, layers;
uniform sampler2DArray flowFrom, flowTo;
uniform float part;
uniform float fade;
uniform vec2 slots;       // index of the frame in each flow
uniform float side;
in vec2 position;
out vec4 colour;

void main() {
  vec2 offset = texture(flowFrom, vec3(position, slots.x)).rg;
  if (part > 0.0) offset = mix(offset, texture(flowTo, vec3(position, slots.y)).rg, part);
  // Offsets are in crop units, two of which are the portrait's width.
  vec3 warped = texture(portrait, position + 0.5 * fade * offset).rgb;
  // Clamped, so that paint does not mix with the crops below it.
  vec2 texel = clamp(side * position, 0.5, side - 0.5);
  vec4 layer = texture(layers, texel / vec2(textureSize(layers, 0)));
  colour = vec4(layer.a * warped + layer.rgb, 1.0);
}`;

/** A rectangle for each crop; `at` is in texels of the crop, and reaches half a texel beyond it. */
export const CROP_PLACE = `#version 300 es
uniform vec4 placement[${MAX_CROPS}];
uniform float crop;
flat out float left;
out vec2 at;
void main() {
  vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1);
  at = (crop + 1.0) * corner - 0.5;
  left = float(gl_InstanceID) * crop;
  vec4 place = placement[gl_InstanceID];
  vec2 away = 2.0 * at / crop - 1.0;
  vec2 position = place.xy + mat2(place.zw, -place.w, place.z) * away;
  gl_Position = vec4(position.x, -position.y, 0.0, 1.0);
}`;

/** Lays a crop over the frame. Outside it is nothing: its outermost texels fade out over one texel. */
export const CROP = `#version 300 es
precision highp float;
uniform sampler2D layers;
uniform float side;
uniform float crop;
flat in float left;
in vec2 at;
out vec4 colour;
void main() {
  vec2 inside = clamp(at + 0.5, 0.0, 1.0) * clamp(crop - at + 0.5, 0.0, 1.0);
  vec2 texel = vec2(left, side) + clamp(at, 0.5, crop - 0.5);
  colour = inside.x * inside.y * texture(layers, texel / vec2(textureSize(layers, 0)));
}`;

/** Shrinks a picture with antialiasing, as `shrink` in compose.py does: weights fall off linearly over `ratio` texels. */
export const SHRINK = `#version 300 es
precision highp float;
uniform sampler2D picture;
uniform float ratio;      // side of the picture over that of the result
out vec4 colour;
void main() {
  int last = textureSize(picture, 0).x - 1;
  vec2 centre = ratio * gl_FragCoord.xy - 0.5;
  ivec2 from = max(ivec2(ceil(centre - ratio)), 0), to = min(ivec2(floor(centre + ratio)), last);
  vec4 sum = vec4(0.0);
  for (int y = from.y; y <= to.y; y++) {
    for (int x = from.x; x <= to.x; x++) {
      vec2 near = 1.0 - abs(vec2(x, y) - centre) / ratio;
      sum += near.x * near.y * vec4(texelFetch(picture, ivec2(x, y), 0).rgb, 1.0);
    }
  }
  colour = vec4(sum.rgb / sum.a, 1.0);
}`;
