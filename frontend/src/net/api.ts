/** HTTP requests for sessions, portraits, the settings schema and recordings. Video has its own file, `video-api.ts`. */

/** A refused or failed request: the HTTP status (0 without an answer), a code, a sentence, and what to do. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly hint: string,
  ) {
    super(message);
  }
}

/** The server is full: the place in its queue (1 is next), the ticket that keeps it, and when to ask again. */
export class FullError extends ApiError {
  constructor(
    error: ApiError,
    readonly place: number,
    readonly waiting: string,
    readonly seconds: number,
  ) {
    super(error.status, error.code, error.message, error.hint);
  }
}

export type SessionTicket = { session: string; ws: string };
export type RecordingInfo = { name: string; title: string; seconds: number };
/** A file at an address that contains its hash. */
export type NetworkFile = { url: string; sha256: string; bytes: number };
export type PortraitInfo = { name: string; title: string };

/**
 * Open a session. `waiting` is the ticket of an earlier FullError.
 * @throws FullError while all places are taken.
 */
export async function createSession(waiting: string | null = null): Promise<SessionTicket> {
  const headers: HeadersInit = waiting === null ? {} : { 'Waiting-Ticket': waiting };
  return json(await request('/api/sessions', { method: 'POST', headers }));
}

/** Get a new ticket for a session that lost its socket. @throws ApiError 404 when the server has forgotten the session. */
export async function renewTicket(session: string): Promise<SessionTicket> {
  const answer = await json<{ ws: string }>(await request(`/api/sessions/${session}/ticket`, { method: 'POST' }));
  return { session, ws: answer.ws };
}

export async function getSchema(): Promise<unknown> {
  return json(await request('/api/schema'));
}

export async function getRecordings(): Promise<RecordingInfo[]> {
  return json(await request('/api/recordings'));
}

export async function getRecording(name: string): Promise<ArrayBuffer> {
  return (await request(`/api/recordings/${encodeURIComponent(name)}`)).arrayBuffer();
}

export async function getPortrait(session: string): Promise<Blob> {
  return (await request(`/api/sessions/${session}/portrait`, { cache: 'no-store' })).blob();
}

/** Get the cropped portrait without loss, in the colours that the server sees. */
export async function getPortraitPixels(session: string): Promise<ImageBitmap> {
  const answer = await request(`/api/sessions/${session}/portrait.png`, { cache: 'no-store' });
  return createImageBitmap(await answer.blob(), { colorSpaceConversion: 'none', premultiplyAlpha: 'none' });
}

/** Get the addresses of the networks' files. @throws ApiError 404 if the server does not offer them. */
export async function getNetworks(): Promise<Record<'encode' | 'render', NetworkFile>> {
  return json(await request('/api/networks', { cache: 'no-cache' }));
}

export async function putPortrait(session: string, picture: Blob): Promise<void> {
  const headers = { 'Content-Type': picture.type || 'application/octet-stream' };
  await request(`/api/sessions/${session}/portrait`, { method: 'PUT', body: picture, headers });
}

/** Animate a portrait by its landmarks, 478 points x, y, z in [-1, 1] of its crop: the picture stays here. */
export async function putLandmarks(session: string, landmarks: readonly (readonly number[])[]): Promise<void> {
  const headers = { 'Content-Type': 'application/json' };
  await request(`/api/sessions/${session}/landmarks`, { method: 'PUT', body: JSON.stringify({ landmarks }), headers });
}

/** List the bundled portraits; the first one is what a session starts with. */
export async function getPortraits(): Promise<PortraitInfo[]> {
  return json(await request('/api/portraits'));
}

export function thumbnailPath(name: string): string {
  return `/api/portraits/${encodeURIComponent(name)}`;
}

export async function choosePortrait(session: string, name: string): Promise<void> {
  await request(`/api/sessions/${session}/portrait/${encodeURIComponent(name)}`, { method: 'PUT' });
}

export async function deletePortrait(session: string): Promise<void> {
  await request(`/api/sessions/${session}/portrait`, { method: 'DELETE' });
}

/** Send a request. @throws ApiError on failure; an aborted signal throws its own reason. */
export async function request(path: string, init: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, init);
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new ApiError(0, 'unreachable', 'The server does not answer.', 'Check that it is running.');
  }
  if (response.ok) return response;
  throw await toApiError(response);
}

type Refusal = {
  code?: string;
  message?: string;
  hint?: string;
  place?: number;
  waiting?: string;
  retry_s?: number;
};

async function toApiError(response: Response): Promise<ApiError> {
  try {
    const body = (await response.json()) as Refusal;
    if (body.code && body.message) {
      const error = new ApiError(response.status, body.code, body.message, body.hint ?? '');
      return body.place && body.waiting ? new FullError(error, body.place, body.waiting, body.retry_s ?? 2) : error;
    }
  } catch {
    // Not an answer of our server (a proxy's page, for example): only the status is known.
  }
  return new ApiError(response.status, `http_${response.status}`, `The server answered ${response.status}.`, '');
}

async function json<T>(response: Response): Promise<T> {
  return (await response.json()) as T;
}
