/** Keeps one session connected: requests a ticket, opens the WebSocket, detects a lost connection and reconnects. */
import { ApiError, FullError, type SessionTicket } from './api.ts';
import { type ClientMessage, decode, type ErrorHead, encode, type ReadyHead, type ServerMessage } from './protocol.ts';

export type Status =
  | { kind: 'connecting' }
  | { kind: 'live' }
  | { kind: 'waiting'; seconds: number; reason: string }
  | { kind: 'queued'; place: number }
  | { kind: 'closed'; reason: string; hint: string };

export type SheetMessage = Extract<ServerMessage, { type: 'sheet' }>;

export interface ConnectionApi {
  createSession(waiting: string | null): Promise<SessionTicket>;
  renewTicket(session: string): Promise<SessionTicket>;
}

export interface ConnectionEvents {
  status(status: Status): void;
  /** `fresh` means a new session: the server has no portrait or settings of an earlier one. */
  ready(head: ReadyHead, fresh: boolean): void;
  sheet(sheet: SheetMessage): void;
  failure(head: ErrorHead): void;
}

const PING_MS = 2000;
const MAX_SILENCE_MS = 5000;
const MIN_RETRY_MS = 500;
const MAX_RETRY_MS = 8000;
/** With more bytes waiting to be sent, further landmarks would arrive too late to be useful. */
const MAX_BUFFERED_BYTES = 96 * 1024;

/** Milliseconds before retry `attempt` (0, 1, ...): doubled each time up to a limit, with jitter so that tabs do not all retry at once. */
export function retryDelay(attempt: number, random: () => number = Math.random): number {
  return Math.min(MAX_RETRY_MS, MIN_RETRY_MS * 2 ** attempt) * (0.75 + 0.5 * random());
}

export class Connection {
  session: string | null = null;
  /** Of the last ping, in ms. */
  roundTripMs: number | null = null;
  readonly counts = { sent: 0, skipped: 0, stale: 0, reconnects: 0 };

  #epoch = 0;
  #seq = 0;
  #attempt = 0;
  #fresh = true;
  /** Keeps the place in the queue of a full server. */
  #waiting: string | null = null;
  #socket: WebSocket | null = null;
  #live = false;
  #lastSheet = -1;
  #unansweredSince: number | null = null;
  #heartbeat: ReturnType<typeof setInterval> | null = null;
  #retryTimer: ReturnType<typeof setTimeout> | null = null;

  constructor(
    private readonly api: ConnectionApi,
    private readonly events: ConnectionEvents,
    private readonly origin: string = location.origin,
  ) {}

  /** Connect now, without waiting for a scheduled retry. */
  async open(): Promise<void> {
    if (this.#retryTimer !== null) clearTimeout(this.#retryTimer);
    this.#retryTimer = null;
    if (this.#socket) return;
    if (this.#waiting === null) this.events.status({ kind: 'connecting' });
    try {
      const ticket = await this.#ticket();
      if (!this.#socket) this.#attach(new WebSocket(this.origin.replace(/^http/, 'ws') + ticket.ws));
    } catch (error) {
      if (error instanceof FullError) this.#queue(error);
      else this.#retryLater(error instanceof Error ? error.message : 'The server does not answer.');
    }
  }

  /** Send a message. Returns false without a connection, or if too many bytes wait for another frame of landmarks. */
  send(message: ClientMessage): boolean {
    const socket = this.#socket;
    if (!socket || !this.#live) return false;
    if (message.kind === 'landmarks' && socket.bufferedAmount > MAX_BUFFERED_BYTES) {
      this.counts.skipped++;
      return false;
    }
    socket.send(encode(message, this.#epoch, this.#seq++));
    if (message.kind === 'landmarks') this.counts.sent++;
    return true;
  }

  /** Tell the server that a sheet is on the screen. Sheets of an earlier epoch need no acknowledgement. */
  acknowledge(sheet: SheetMessage): void {
    if (sheet.epoch === this.#epoch) this.send({ kind: 'ack', drawn: sheet.seq });
  }

  async #ticket(): Promise<SessionTicket> {
    if (this.session) {
      try {
        return await this.api.renewTicket(this.session);
      } catch (error) {
        if (!(error instanceof ApiError) || error.status !== 404) throw error;
      }
    }
    const ticket = await this.api.createSession(this.#waiting);
    this.#waiting = null;
    this.session = ticket.session;
    this.#fresh = true;
    return ticket;
  }

  #attach(socket: WebSocket): void {
    this.#socket = socket;
    socket.binaryType = 'arraybuffer';
    socket.onmessage = (event: MessageEvent<ArrayBuffer>) => {
      if (socket === this.#socket) this.#receive(event.data);
    };
    socket.onclose = () => this.#onLost(socket, 'The connection to the server was lost.');
    this.#heartbeat = setInterval(() => this.#checkAlive(socket), PING_MS);
  }

  #receive(data: ArrayBuffer): void {
    this.#unansweredSince = null;
    let message: ServerMessage;
    try {
      message = decode(data);
    } catch (error) {
      this.#stop(error instanceof Error ? error.message : 'The server sent an unreadable message.', 'Reload the page.');
      return;
    }
    switch (message.type) {
      case 'ready':
        this.#ready(message.head, message.epoch);
        return;
      case 'sheet':
        // A sheet of another epoch may show another portrait; an older sheet than the last would go back in time.
        if (message.epoch !== this.#epoch || message.seq <= this.#lastSheet) {
          this.counts.stale++;
          return;
        }
        this.#lastSheet = message.seq;
        this.events.sheet(message);
        return;
      case 'error':
        if (message.head.fatal) this.#stop(message.head.message, message.head.hint);
        this.events.failure(message.head);
        return;
      case 'pong':
        this.roundTripMs = performance.now() - message.head.t;
        return;
    }
  }

  #ready(head: ReadyHead, epoch: number): void {
    this.#epoch = epoch;
    this.#lastSheet = -1;
    this.session = head.session;
    this.#live = true;
    this.#attempt = 0;
    const fresh = this.#fresh;
    this.#fresh = false;
    this.events.status({ kind: 'live' });
    this.events.ready(head, fresh);
  }

  /** Send pings. A socket that stays open without answering them counts as lost. */
  #checkAlive(socket: WebSocket): void {
    const now = performance.now();
    if (this.#unansweredSince === null) {
      this.#unansweredSince = now;
      this.send({ kind: 'ping', t: now });
    } else if (now - this.#unansweredSince >= MAX_SILENCE_MS) {
      this.#onLost(socket, 'The server has stopped answering.');
    }
  }

  #onLost(socket: WebSocket, reason: string): void {
    if (socket !== this.#socket) return;
    this.#detach();
    this.#retryLater(reason);
  }

  #stop(reason: string, hint: string): void {
    this.#detach();
    this.session = null;
    this.events.status({ kind: 'closed', reason, hint });
  }

  #detach(): void {
    const socket = this.#socket;
    this.#socket = null;
    this.#live = false;
    this.#lastSheet = -1;
    this.#unansweredSince = null;
    this.roundTripMs = null;
    if (this.#heartbeat !== null) clearInterval(this.#heartbeat);
    socket?.close();
  }

  /** Ask again until it is this page's turn. */
  #queue(full: FullError): void {
    this.#waiting = full.waiting;
    this.events.status({ kind: 'queued', place: full.place });
    this.#connectAfter(full.seconds * 1000);
  }

  #retryLater(reason: string): void {
    const wait = retryDelay(this.#attempt++);
    this.counts.reconnects++;
    this.events.status({ kind: 'waiting', seconds: wait / 1000, reason });
    this.#connectAfter(wait);
  }

  #connectAfter(ms: number): void {
    if (this.#retryTimer !== null) clearTimeout(this.#retryTimer);
    this.#retryTimer = setTimeout(() => void this.open(), ms);
  }
}
