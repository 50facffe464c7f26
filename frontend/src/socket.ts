/** One session's connection: ticket, WebSocket, liveness, and coming back after a loss. */
import { ApiError, type SessionTicket } from './api.ts';
import { type ClientMessage, decode, type ErrorHead, encode, type ReadyHead, type ServerMessage } from './protocol.ts';

export type Status =
  | { kind: 'connecting' }
  | { kind: 'live' }
  | { kind: 'waiting'; seconds: number; reason: string }
  | { kind: 'closed'; reason: string; hint: string };

export type SheetMessage = Extract<ServerMessage, { type: 'sheet' }>;

export interface ConnectionApi {
  createSession(): Promise<SessionTicket>;
  renewTicket(session: string): Promise<SessionTicket>;
}

export interface ConnectionEvents {
  status(status: Status): void;
  /** `fresh`: the session is new, so nothing of an older one (portrait, settings) is left on the server. */
  ready(head: ReadyHead, fresh: boolean): void;
  sheet(sheet: SheetMessage): void;
  failure(head: ErrorHead): void;
}

const PING_MS = 2000;
const SILENCE_MS = 5000;
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 8000;
/** Landmarks queued in the browser beyond this are already too old to be worth sending. */
const MAX_BUFFERED_BYTES = 96 * 1024;

/** Wait before retry number `attempt` (0, 1, ...): doubling, capped, and jittered so that tabs do not return in step. */
export function retryDelay(attempt: number, random: () => number = Math.random): number {
  return Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** attempt) * (0.75 + 0.5 * random());
}

export class Connection {
  session: string | null = null;
  readonly counts = { sent: 0, held: 0, stale: 0, reconnects: 0 };

  #epoch = 0;
  #seq = 0;
  #attempt = 0;
  #fresh = true;
  #socket: WebSocket | null = null;
  #live = false;
  #lastSheet = -1;
  #unansweredSince: number | null = null;
  #heartbeat: ReturnType<typeof setInterval> | null = null;
  #retry: ReturnType<typeof setTimeout> | null = null;

  constructor(
    private readonly api: ConnectionApi,
    private readonly events: ConnectionEvents,
    private readonly origin: string = location.origin,
  ) {}

  /** Connect now; also the way to cut short the wait before a retry. */
  async open(): Promise<void> {
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#retry = null;
    if (this.#socket) return;
    this.events.status({ kind: 'connecting' });
    try {
      const ticket = await this.#ticket();
      if (!this.#socket) this.#attach(new WebSocket(this.origin.replace(/^http/, 'ws') + ticket.ws));
    } catch (error) {
      this.#later(error instanceof Error ? error.message : 'The server does not answer.');
    }
  }

  /** Send a message; false when there is no connection, or the line is too full for one more frame of landmarks. */
  send(message: ClientMessage): boolean {
    const socket = this.#socket;
    if (!socket || !this.#live) return false;
    if (message.kind === 'landmarks' && socket.bufferedAmount > MAX_BUFFERED_BYTES) {
      this.counts.held++;
      return false;
    }
    socket.send(encode(message, this.#epoch, this.#seq++));
    if (message.kind === 'landmarks') this.counts.sent++;
    return true;
  }

  /** Say that a sheet is on the screen; one of an older epoch is owed nothing any more. */
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
    const ticket = await this.api.createSession();
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
    socket.onclose = () => this.#lost(socket, 'The connection to the server was lost.');
    this.#heartbeat = setInterval(() => this.#beat(socket), PING_MS);
  }

  #receive(data: ArrayBuffer): void {
    this.#unansweredSince = null;
    let message: ServerMessage;
    try {
      message = decode(data);
    } catch (error) {
      this.#stop(error instanceof Error ? error.message : 'An unreadable message.', 'Reload the page.');
      return;
    }
    switch (message.type) {
      case 'ready':
        this.#ready(message.head, message.epoch);
        return;
      case 'sheet':
        // Another epoch's sheet shows another portrait; an older one than the last would run time backwards.
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

  /** Something must answer every ping: a socket that stays open but silent is as lost as a closed one. */
  #beat(socket: WebSocket): void {
    const now = performance.now();
    if (this.#unansweredSince === null) {
      this.#unansweredSince = now;
      this.send({ kind: 'ping', t: now });
    } else if (now - this.#unansweredSince >= SILENCE_MS) {
      this.#lost(socket, 'The server has gone silent.');
    }
  }

  #lost(socket: WebSocket, reason: string): void {
    if (socket !== this.#socket) return;
    this.#detach();
    this.#later(reason);
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
    if (this.#heartbeat !== null) clearInterval(this.#heartbeat);
    socket?.close();
  }

  #later(reason: string): void {
    const wait = retryDelay(this.#attempt++);
    this.counts.reconnects++;
    this.events.status({ kind: 'waiting', seconds: wait / 1000, reason });
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#retry = setTimeout(() => void this.open(), wait);
  }
}
