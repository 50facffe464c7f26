import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { expect, test } from 'vitest';

const SOURCE = resolve(import.meta.dirname, '..');
/** From top to bottom: a file may import from its own layer and from lower ones. */
const LAYERS = ['main.ts', 'testing', 'app.ts', 'study', 'video', 'stage', 'render', 'driver', 'portrait', 'ui', 'net'];

const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
  .sort();

/** Files that a file imports, relative to the source folder, types included. */
function importsOf(file: string): string[] {
  const text = readFileSync(join(SOURCE, file), 'utf8');
  const paths = [...text.matchAll(/from '(\.[^']+\.ts)'/g)].map((match) => match[1] ?? '');
  return paths.map((path) => relative(SOURCE, resolve(SOURCE, dirname(file), path)));
}

const layerOf = (file: string): number => LAYERS.indexOf(file.split('/')[0] ?? '');

/** The first circle of imports that can be reached from a file, or null. */
function circleFrom(file: string, path: string[] = [], done = new Set<string>()): string[] | null {
  if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
  if (done.has(file)) return null;
  for (const next of importsOf(file)) {
    const circle = circleFrom(next, [...path, file], done);
    if (circle) return circle;
  }
  done.add(file);
  return null;
}

test('every file belongs to a layer', () => {
  expect(files.length).toBeGreaterThan(50);
  expect(files.filter((file) => layerOf(file) < 0)).toEqual([]);
});

test('imports lead downwards', () => {
  const upward = files.flatMap((file) =>
    importsOf(file)
      .filter((target) => layerOf(target) < layerOf(file))
      .map((target) => `${file} -> ${target}`),
  );
  expect(upward).toEqual([]);
});

test('no files import each other in a circle', () => {
  const done = new Set<string>();
  expect(files.map((file) => circleFrom(file, [], done)).filter((circle) => circle !== null)).toEqual([]);
});
