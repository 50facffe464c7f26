/** Names what slows the pictures down: the camera, this browser, the line, or the server. */

/** Time between two tracked pictures of the camera, and of that the time to find the face, in ms. */
export type CameraPace = { intervalMs: number; trackMs: number };

/** What the page knows of the way from a frame to its pictures, in ms; null where there is no figure. */
export type Pace = {
  /** Null with a recording. */
  camera: CameraPace | null;
  /** Median time from capturing a frame to showing what was made of it. */
  delayMs: number | null;
  /** Of the server, on one set of pictures: waiting, forecasting, drawing. */
  serverMs: number;
  /** There and back, without work. */
  roundTripMs: number | null;
  /** Whether the server draws some sheets only, to keep up. */
  overloaded: boolean;
};

/** Face points that come less often make poor forecasts. */
const MAX_INTERVAL_MS = 125;
/** A delay that one sees. */
const MAX_DELAY_MS = 300;

/** Return one sentence that names the bottleneck and the way out, or null where nothing is slow. */
export function bottleneck({ camera, delayMs, serverMs, roundTripMs, overloaded }: Pace): string | null {
  if (camera && camera.intervalMs > MAX_INTERVAL_MS) {
    const rate = (1000 / camera.intervalMs).toFixed(camera.intervalMs > 200 ? 1 : 0);
    return camera.trackMs > camera.intervalMs / 2
      ? `Your browser finds the face only ${rate} times a second: close other tabs, or use a browser with graphics hardware.`
      : `Your camera gives only ${rate} pictures a second: more light makes most cameras faster.`;
  }
  const line = roundTripMs ?? 0;
  const browser = Math.max(0, (delayMs ?? 0) - serverMs - line);
  if (!overloaded && (delayMs ?? 0) <= MAX_DELAY_MS) return null;
  const slowest = Math.max(serverMs, line, browser);
  if (slowest === line && line > MAX_DELAY_MS / 2)
    return `The line is slow: ${Math.round(line)} ms there and back. A cable or a nearer Wi-Fi helps.`;
  if (slowest === browser && browser > MAX_DELAY_MS / 2)
    return `Your browser is slow: it needs ${Math.round(browser)} ms to show what it gets. Close other tabs, or choose fewer futures.`;
  return `The server is busy: it needs ${Math.round(serverMs)} ms for your pictures. Fewer futures help.`;
}
