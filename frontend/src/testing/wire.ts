/** Server messages and a fake WebSocket for tests. */
import { Kind, VERSION } from '../net/protocol.ts';

/** Encode a server message. */
export function serverBytes(
  kind: keyof typeof Kind,
  head: object,
  epoch = 0,
  seq = 0,
  payload: number[] = [],
): ArrayBuffer {
  const text = new TextEncoder().encode(JSON.stringify(head));
  const bytes = new Uint8Array(12 + text.length + payload.length);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, VERSION);
  view.setUint8(1, Kind[kind]);
  view.setUint16(2, epoch, true);
  view.setUint32(4, seq, true);
  view.setUint32(8, text.length, true);
  bytes.set(text, 12);
  bytes.set(payload, 12 + text.length);
  return bytes.buffer;
}

/** A WebSocket without a network: the test acts as the server. */
export class FakeSocket {
  static opened: FakeSocket[] = [];
  binaryType = '';
  bufferedAmount = 0;
  sent: Uint8Array[] = [];
  closed = false;
  onmessage: ((event: { data: ArrayBuffer }) => void) | null = null;
  onclose: (() => void) | null = null;

  constructor(readonly url: string) {
    FakeSocket.opened.push(this);
  }

  send(data: Uint8Array): void {
    this.sent.push(data);
  }

  close(): void {
    this.closed = true;
  }

  /** Kinds of the messages sent so far. */
  get kinds(): number[] {
    return this.sent.map((data) => data[1] ?? -1);
  }

  /** Pass the client a message from the server. */
  deliver(kind: keyof typeof Kind, head: object, epoch = 0, seq = 0): void {
    this.onmessage?.({ data: serverBytes(kind, head, epoch, seq) });
  }

  drop(): void {
    this.onclose?.();
  }
}

export const READY = {
  session: 'abc',
  epoch: 0,
  settings: {},
  keypoints: 10,
  portrait: { width: 256, height: 256 },
  models: {},
};

export const SHEET = {
  t: 0,
  source: 0,
  tick: 1,
  generation: 1,
  age: 0,
  step: 0,
  tiles: 0,
  tile: 64,
  columns: 0,
  methods: [],
  horizon: 4,
  fan: [0, 0, 0],
  present: 0,
  stages: {},
  counts: { received: 0, processed: 0, dropped: 0 },
  surprise: null,
  acceptance: null,
  verdict: null,
  stride: 1,
  flags: [],
  shares: [],
  drawn: 0,
  way: 'pictures',
  layers: null,
  paths: [0, 0, 0],
};
