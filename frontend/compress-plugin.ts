import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import type { Plugin } from 'vite';

const COMPRESSIBLE = /\.(js|css|wasm|data|binarypb)$/;
const MIN_BYTES = 1024;
/** Of Brotli: level 9 takes four times as long for a twentieth fewer bytes. */
const QUALITY = 5;

/** Write `.br` and `.gz` beside every built file that they make much smaller, so that the server need not compress. */
export function compress(): Plugin {
  let outDir = '';
  return {
    name: 'motionfan-compress',
    apply: 'build',
    configResolved(config) {
      outDir = resolve(config.root, config.build.outDir);
    },
    closeBundle() {
      for (const entry of readdirSync(outDir, { recursive: true, encoding: 'utf-8' })) {
        const path = join(outDir, entry);
        if (!COMPRESSIBLE.test(entry) || statSync(path).size < MIN_BYTES) continue;
        const data = readFileSync(path);
        const parameters = {
          [constants.BROTLI_PARAM_QUALITY]: QUALITY,
          [constants.BROTLI_PARAM_SIZE_HINT]: data.length,
        };
        const packed = { br: brotliCompressSync(data, { params: parameters }), gz: gzipSync(data) };
        for (const [suffix, bytes] of Object.entries(packed)) {
          if (bytes.length < 0.9 * data.length) writeFileSync(`${path}.${suffix}`, bytes);
        }
      }
    },
  };
}
