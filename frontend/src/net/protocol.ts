/**
 * Encodes and decodes the binary WebSocket messages: bytes <-> objects, without socket or DOM. The tests read the same
 * golden files as the tests of the server's codec.
 *
 * A message is a 12-byte little-endian prelude (version u8, kind u8, epoch u16, seq u32, head length u32), a JSON head,
 * and a payload: quantised coordinates and, in a sheet, the present and one step of every future, as pictures in one JPEG or
 * as layers. The wire calls one round of futures a `generation`.
 */
import { quantise, readCoordinates } from './coordinates.ts';
import { type PortraitMotion, splitKeypoints } from './keypoints.ts';
import { type LayersHead, type PackedLayers, splitLayers } from './layers.ts';
import type { Settings } from './schema.ts';

export const VERSION = 1;
export const LANDMARKS = 478;
export const COORDINATES = LANDMARKS * 3;
const PRELUDE = 12;

/** Kinds of message. Those that the client sends are below 64. */
export const Kind = {
  landmarks: 1,
  controls: 2,
  ack: 3,
  reference: 4,
  ping: 5,
  source: 6,
  drawing: 7,
  ready: 65,
  sheet: 66,
  error: 67,
  pong: 69,
} as const;

export type Prelude = { kind: number; epoch: number; seq: number };

/** What the server sends to be shown: finished pictures, layers that the page composes, or keypoints that it renders. */
export type Way = 'pictures' | 'layers' | 'keypoints';

export type ClientMessage =
  | { kind: 'landmarks'; t: number; landmarks: Float32Array | null }
  | { kind: 'controls'; settings: Settings }
  | { kind: 'ack'; drawn: number }
  | { kind: 'reference' }
  | { kind: 'ping'; t: number }
  | { kind: 'source'; name: string }
  | { kind: 'drawing'; way: Way };

export type ReadyHead = {
  session: string;
  epoch: number;
  settings: Settings;
  keypoints: number;
  portrait: { width: number; height: number };
  models: Record<string, unknown>;
};

/** How a finished round compares with what happened: mean keypoint distances in crop units. */
export type Verdict = { generation: number; errors: number[]; best: number; together: number; copy_last: number };

/** Stages of the server's work on one sheet, in order. */
export const PIPELINE_STAGES = ['wait', 'observe', 'forecast', 'render', 'encode'] as const;
export type PipelineStage = (typeof PIPELINE_STAGES)[number];

export type SheetHead = {
  /** Capture time of the source frame in ms of the client's clock, as the client sent it. */
  t: number;
  source: number;
  tick: number;
  generation: number;
  /** Ticks since the round of futures began; 0 without a round. */
  age: number;
  /** Step 1..H that the future tiles show; 0 when the sheet holds none. */
  step: number;
  /** Tiles in the JPEG, or to be rendered: 0 for a fan without pictures, 1 for the present only, else K + 1. */
  tiles: number;
  /** Side of a tile in pixels. */
  tile: number;
  columns: number;
  methods: string[];
  horizon: number;
  /** Shape [K, H, N] of the fan in the payload. */
  fan: [number, number, number];
  /** Index of the tile that shows the present. */
  present: number;
  stages: Partial<Record<PipelineStage, number>>;
  counts: { received: number; processed: number; dropped: number };
  surprise: number | null;
  acceptance: number | null;
  verdict: Verdict | null;
  stride: number;
  flags: string[];
  /** For each future of the tiles, the part of its method's draws that is nearest to it. Empty if none were chosen. */
  shares: number[];
  /** Futures that each method drew, to choose from; 0 if none were chosen. */
  drawn: number;
  way: Way;
  /** Sizes of the layers; null in a sheet of pictures. */
  layers: LayersHead | null;
  /** Shape [K, H, 6N] of the futures among the keypoints; K and H are 0 in a sheet without futures. */
  paths: [number, number, number];
};

/** What a server says by leaving these fields out: it shows futures as they were drawn, as pictures. */
const DEFAULTS = { age: 0, shares: [], drawn: 0, way: 'pictures', layers: null, paths: [0, 0, 0] } as const;

export type ErrorHead = { code: string; message: string; hint: string; fatal: boolean };

/** `jpeg`: the tiles, or with layers the mosaic of their colours; empty if the sheet has no tiles, or keypoints. */
export type SheetPayload = {
  fan: Float32Array;
  jpeg: Uint8Array<ArrayBuffer>;
  layers: PackedLayers | null;
  motion: PortraitMotion | null;
};

export type ServerMessage =
  | (Prelude & { type: 'ready'; head: ReadyHead })
  | (Prelude & { type: 'sheet'; head: SheetHead } & SheetPayload)
  | (Prelude & { type: 'error'; head: ErrorHead })
  | (Prelude & { type: 'pong'; head: { t: number } });

export class ProtocolError extends Error {}

function clientHead(message: ClientMessage): object {
  switch (message.kind) {
    case 'landmarks':
    case 'ping':
      return { t: message.t };
    case 'controls':
      return message.settings;
    case 'ack':
      return { drawn: message.drawn };
    case 'reference':
      return {};
    case 'source':
      return { name: message.name };
    case 'drawing':
      return { way: message.way };
  }
}

/** Encode one client message. Landmarks of null (no face in this frame) give an empty payload. */
export function encode(message: ClientMessage, epoch: number, seq: number): Uint8Array<ArrayBuffer> {
  const head = new TextEncoder().encode(JSON.stringify(clientHead(message)));
  const landmarks = message.kind === 'landmarks' ? message.landmarks : null;
  if (landmarks && landmarks.length !== COORDINATES) {
    throw new ProtocolError(`A frame has ${COORDINATES} coordinates, not ${landmarks.length}.`);
  }
  const bytes = new Uint8Array(PRELUDE + head.length + 2 * (landmarks?.length ?? 0));
  const view = new DataView(bytes.buffer);
  view.setUint8(0, VERSION);
  view.setUint8(1, Kind[message.kind]);
  view.setUint16(2, epoch & 0xffff, true);
  view.setUint32(4, seq >>> 0, true);
  view.setUint32(8, head.length, true);
  bytes.set(head, PRELUDE);
  landmarks?.forEach((value, i) => {
    view.setUint16(PRELUDE + head.length + 2 * i, quantise(value), true);
  });
  return bytes;
}

/**
 * Decode one server message.
 *
 * @throws ProtocolError on another version, an unknown kind, or a message shorter than its lengths say.
 */
export function decode(data: ArrayBuffer): ServerMessage {
  if (data.byteLength < PRELUDE) throw new ProtocolError('The message is shorter than its prelude.');
  const view = new DataView(data);
  const version = view.getUint8(0);
  if (version !== VERSION)
    throw new ProtocolError(`The server uses protocol version ${version}, this page version ${VERSION}.`);
  const prelude: Prelude = { kind: view.getUint8(1), epoch: view.getUint16(2, true), seq: view.getUint32(4, true) };
  const payload = PRELUDE + view.getUint32(8, true);
  if (payload > data.byteLength) throw new ProtocolError('The message is shorter than its head.');
  const head: unknown = JSON.parse(new TextDecoder().decode(new Uint8Array(data, PRELUDE, payload - PRELUDE)));
  switch (prelude.kind) {
    case Kind.ready:
      return { ...prelude, type: 'ready', head: head as ReadyHead };
    case Kind.error:
      return { ...prelude, type: 'error', head: head as ErrorHead };
    case Kind.pong:
      return { ...prelude, type: 'pong', head: head as { t: number } };
    case Kind.sheet:
      return {
        ...prelude,
        type: 'sheet',
        ...decodeSheet({ ...DEFAULTS, ...(head as SheetHead) } as SheetHead, data, payload),
      };
    default:
      throw new ProtocolError(`Unknown kind of message: ${prelude.kind}.`);
  }
}

function decodeSheet(head: SheetHead, data: ArrayBuffer, offset: number): { head: SheetHead } & SheetPayload {
  const [k, h, n] = head.fan;
  const count = k * h * n * 2;
  const end = offset + 2 * count;
  if (end > data.byteLength) throw new ProtocolError('The sheet is shorter than its keypoint paths.');
  const fan = readCoordinates(new DataView(data), offset, count);
  if (head.way === 'keypoints') {
    const motion = splitKeypoints(data, end, head.paths);
    if (!motion) throw new ProtocolError('The sheet and its keypoints have different lengths.');
    return { head, fan, jpeg: new Uint8Array(0), layers: null, motion };
  }
  if (!head.layers || head.tiles === 0)
    return { head, fan, jpeg: new Uint8Array(data, end), layers: null, motion: null };
  const split = splitLayers(data, end, head.tiles, head.layers);
  if (!split) throw new ProtocolError('The sheet is shorter than its layers.');
  return { head, fan, jpeg: new Uint8Array(data, split.mosaic), layers: split.layers, motion: null };
}
