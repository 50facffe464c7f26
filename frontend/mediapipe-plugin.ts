import { cpSync, createReadStream, existsSync, mkdirSync } from 'node:fs';
import { join, normalize, resolve } from 'node:path';
import type { Plugin } from 'vite';

const PACKAGE = resolve(import.meta.dirname, 'node_modules/@mediapipe/face_mesh');

/** What the solution loads at run time; the package's README and typings stay behind. */
const FILES = [
  'face_mesh.js',
  'face_mesh.binarypb',
  'face_mesh_solution_packed_assets.data',
  'face_mesh_solution_packed_assets_loader.js',
  'face_mesh_solution_simd_wasm_bin.data',
  'face_mesh_solution_simd_wasm_bin.js',
  'face_mesh_solution_simd_wasm_bin.wasm',
  'face_mesh_solution_wasm_bin.js',
  'face_mesh_solution_wasm_bin.wasm',
];

/**
 * Serve MediaPipe's files as they are under `<base>mediapipe/`: copied by the build, streamed by the dev server.
 * Its loader is a classic script that fetches its siblings by name, so no bundler may touch it.
 */
export function mediapipe(): Plugin {
  let outDir = '';
  let base = '/';
  return {
    name: 'motionfan-mediapipe',
    configResolved(config) {
      outDir = resolve(config.root, config.build.outDir);
      base = config.base;
    },
    configureServer(server) {
      server.middlewares.use(`${base}mediapipe`, (request, response, next) => {
        const name = normalize(request.url ?? '').replace(/^\/|\?.*$/g, '');
        if (!FILES.includes(name)) return next();
        if (name.endsWith('.wasm')) response.setHeader('Content-Type', 'application/wasm');
        if (name.endsWith('.js')) response.setHeader('Content-Type', 'text/javascript');
        createReadStream(join(PACKAGE, name)).pipe(response);
      });
    },
    writeBundle() {
      const target = join(outDir, 'mediapipe');
      mkdirSync(target, { recursive: true });
      for (const name of FILES) {
        if (!existsSync(join(PACKAGE, name))) throw new Error(`@mediapipe/face_mesh lacks ${name}: run npm ci again.`);
        cpSync(join(PACKAGE, name), join(target, name));
      }
    },
  };
}
