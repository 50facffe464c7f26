/** What can go wrong between a person and their camera, and the way out of it, in plain words. */

export class CameraError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly hint: string,
  ) {
    super(message);
  }
}

const WORDS: Record<string, [message: string, hint: string]> = {
  NotAllowedError: [
    'The browser did not allow the camera.',
    'Click the camera symbol in the address bar, choose “Allow”, and try again.',
  ],
  NotFoundError: ['No camera was found.', 'Plug one in and try again. The recording goes on meanwhile.'],
  NotReadableError: [
    'The camera is busy or switched off.',
    'Close other programs that use it (a video call, say), check its shutter, and try again.',
  ],
  OverconstrainedError: ['That camera is not there any more.', 'Choose another one from the list.'],
  insecure: [
    'Browsers give the camera only to secure pages.',
    'Open this page by https, or on the server’s own machine as http://localhost.',
  ],
  unsupported: ['This browser has no camera access.', 'Try a current Chrome, Edge, Firefox or Safari.'],
  webgl: [
    'Face tracking needs WebGL 2, which this browser does not offer here.',
    'Switch on hardware acceleration in the browser’s settings and restart it.',
  ],
  tracker: [
    'The face tracker did not load.',
    'Reload the page. If it stays so, the server’s page files are incomplete: build the page again.',
  ],
  ended: ['The camera was disconnected.', 'Plug it in again, then press “Use my camera”.'],
};

/** The error by its name: a DOMException's, or one of our own words. */
export function cameraError(name: string): CameraError {
  const [message, hint] = WORDS[name] ?? ['The camera could not be started.', 'Try again, or choose another camera.'];
  return new CameraError(name in WORDS ? name : 'camera', message, hint);
}

/** Whatever was thrown, as a CameraError. */
export function asCameraError(error: unknown): CameraError {
  if (error instanceof CameraError) return error;
  return cameraError(error instanceof Error ? error.name : 'camera');
}
