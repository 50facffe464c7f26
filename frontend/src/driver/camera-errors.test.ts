import { expect, test } from 'vitest';
import { asCameraError, cameraError } from './camera-errors.ts';

test.each(['NotAllowedError', 'NotFoundError', 'NotReadableError', 'insecure', 'webgl', 'tracker'])(
  '%s has a message and a hint',
  (name) => {
    const error = cameraError(name);
    expect(error.code).toBe(name);
    expect(error.message).toMatch(/\.$/);
    expect(error.hint).toMatch(/\.$/);
  },
);

test('a browser’s exception is recognised by its name, anything else gets a general message', () => {
  expect(asCameraError(new DOMException('', 'NotFoundError')).code).toBe('NotFoundError');
  expect(asCameraError('?').code).toBe('camera');
  const own = cameraError('webgl');
  expect(asCameraError(own)).toBe(own);
});
