/** Everything that can go wrong with the camera: a message for the user, and what to do. */

export class CameraError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly hint: string,
  ) {
    super(message);
  }
}

const MESSAGES: Record<string, [message: string, hint: string]> = {
  NotAllowedError: [
    'The browser did not allow the camera.',
    'Click the camera symbol in the address bar, choose “Allow”, and try again.',
  ],
  NotFoundError: ['No camera was found.', 'Connect one and try again. Until then the recording keeps playing.'],
  NotReadableError: [
    'The camera is in use or switched off.',
    'Close other programs that use it such as a video call, check its shutter, and try again.',
  ],
  OverconstrainedError: ['That camera is no longer connected.', 'Choose another one from the list.'],
  insecure: [
    'Browsers allow the camera only on secure pages.',
    'Open this page over https, or as http://localhost on the machine that runs the server.',
  ],
  unsupported: ['This browser cannot use cameras.', 'Try a current Chrome, Edge, Firefox or Safari.'],
  webgl: [
    'Face tracking needs WebGL 2, which is not available in this browser.',
    'Turn on hardware acceleration in the browser’s settings and restart the browser.',
  ],
  tracker: [
    'The face tracker did not load.',
    'Reload the page. If that does not help, files are missing on the server: build the page again.',
  ],
  ended: ['The camera was disconnected.', 'Connect it again, then press “Use my camera”.'],
};

/** Return the error for a name: that of a DOMException, or a key of `MESSAGES`. */
export function cameraError(name: string): CameraError {
  const [message, hint] = MESSAGES[name] ?? [
    'The camera could not be started.',
    'Try again, or choose another camera.',
  ];
  return new CameraError(name in MESSAGES ? name : 'camera', message, hint);
}

/** Convert anything thrown to a CameraError. */
export function asCameraError(error: unknown): CameraError {
  if (error instanceof CameraError) return error;
  return cameraError(error instanceof Error ? error.name : 'camera');
}
