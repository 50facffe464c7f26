/**
 * The shaders that compose one frame: the page's twin of `backend/animate/compose.py`. They blend the layers of two steps
 * first, and compose once.
 */

/** More crops than any generator has: eyes and mouth are three. */
export const MAX_CROPS = 4;

/** One triangle that covers the viewport; `position` is in crop units, y down. */
export const VERTEX = `#version 300 es
out vec2 position;
void main() {
  vec2 corner = vec2(gl_VertexID == 1 ? 3.0 : -1.0, gl_VertexID == 2 ? 3.0 : -1.0);
  position = vec2(corner.x, -corner.y);
  gl_Position = vec4(corner, 0.0, 1.0);
}`;

export const FRAGMENT = `#version 300 es
precision highp float;
precision highp sampler2DArray;

uniform sampler2D portrait;
uniform sampler2DArray flowFrom, flowTo;
uniform sampler2D mosaicFrom, mosaicTo;
uniform float part;       // weight of the later step
uniform float level;      // mipmap of the portrait
uniform float fade;
uniform vec2 slots;       // index of the frame in each flow
uniform vec4 cells;       // corner of the frame's cell in each mosaic, in texels
uniform float side;       // of alpha and paint, in texels
uniform float crop;       // side of a crop, in texels
uniform int crops;
uniform vec4 placement[${MAX_CROPS}];

in vec2 position;
out vec4 colour;

// Read a square of a mosaic, at texels from its corner; its edges are repeated.
vec3 read(sampler2D mosaic, vec2 corner, vec2 at, float width) {
  vec2 texel = corner + clamp(at, 0.5, width - 0.5);
  return textureLod(mosaic, texel / vec2(textureSize(mosaic, 0)), 0.0).rgb;
}

vec3 blended(vec2 corner, vec2 at, float width) {
  vec3 value = read(mosaicFrom, cells.xy + corner, at, width);
  return part > 0.0 ? mix(value, read(mosaicTo, cells.zw + corner, at, width), part) : value;
}

void main() {
  vec2 uv = 0.5 * position + 0.5;
  vec2 offset = texture(flowFrom, vec3(uv, slots.x)).rg;
  if (part > 0.0) offset = mix(offset, texture(flowTo, vec3(uv, slots.y)).rg, part);
  vec3 warped = textureLod(portrait, uv + 0.5 * fade * offset, level).rgb;
  float alpha = 1.0 - fade * (1.0 - blended(vec2(0.0, side), side * uv, side).r);
  // Paint and crops are premultiplied: by 1 - alpha, and by their opacity.
  vec3 covered = fade * blended(vec2(0.0), side * uv, side);
  for (int i = 0; i < crops; i++) {
    vec2 away = position - placement[i].xy;
    vec2 axis = placement[i].zw / max(dot(placement[i].zw, placement[i].zw), 1e-6);
    vec2 at = crop * (0.5 + 0.5 * vec2(dot(axis, away), axis.x * away.y - axis.y * away.x));
    // Outside the crop is nothing: its outermost texels fade out over one texel.
    vec2 inside = clamp(at + 0.5, 0.0, 1.0) * clamp(crop - at + 0.5, 0.0, 1.0);
    float weight = fade * inside.x * inside.y;
    if (weight <= 0.0) continue;
    vec2 corner = vec2(float(i) * crop, 2.0 * side);
    float left = 1.0 - weight * blended(corner + vec2(0.0, crop), at, crop).r;
    alpha *= left;
    covered = covered * left + weight * blended(corner, at, crop);
  }
  colour = vec4(alpha * warped + covered, 1.0);
}`;
