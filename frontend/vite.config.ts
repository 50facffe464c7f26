import { defineConfig } from 'vitest/config';
import { compress } from './compress-plugin.ts';
import { mediapipe } from './mediapipe-plugin.ts';

const server = process.env.MOTIONFAN_SERVER ?? 'http://127.0.0.1:8000';

export default defineConfig({
  base: '/',
  plugins: [mediapipe(), compress()],
  build: {
    outDir: '../backend/server/page',
    emptyOutDir: true,
    target: 'es2022',
    rolldownOptions: { input: ['index.html', 'study.html'] },
  },
  worker: { format: 'es' },
  server: {
    proxy: { '/api': server, '/ws': { target: server.replace(/^http/, 'ws'), ws: true } },
  },
  test: {
    environment: 'happy-dom',
    include: ['src/**/*.test.ts'],
  },
});
