import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { randomBytes } from 'node:crypto';
import { type WebSocket, WebSocketServer } from 'ws';
import type {
  Broken,
  ClientMessage,
  SerialState,
  ServerMessage,
  Viewer,
} from '../../src/console/protocol.ts';

const me: Viewer = { id: 'a1', name: 'admin (192.0.2.9)' };
export const other: Viewer = { id: 'b2', name: 'eve (192.0.2.66)' };
export const chassisUuid = 'c'.repeat(32);
export const vmUuid = 'd'.repeat(32);

/** A server with one chassis `node1` and one VM `web`, that speaks the protocol of consoles and does what a test says. */
export class FakeConsoleServer {
  /** What the machine printed so far. */
  output = Buffer.alloc(0);
  /** Offset of its first byte: older ones are gone. */
  start = 0;
  runStart: number | undefined;
  /** Where its record was broken. */
  broken: { readonly broken?: Broken } = {};
  typed = '';
  readonly messages: ClientMessage[] = [];
  /** Bodies of the calls that ask for a link. */
  readonly links: unknown[] = [];
  serial: SerialState = { state: 'open', typing: true, canBreak: true };
  writer: Viewer | undefined;
  mayType = true;
  version = 1;
  /** Says what is typed back, as a shell does. */
  echo = false;
  /** Answers of HTTP instead of a WebSocket, for so many tries. */
  refusals: { status: number; details: string }[] = [];
  sockets = new Set<WebSocket>();
  readonly #tickets = new Set<string>();
  readonly #http: Server;
  readonly #connections = new Set<Socket>();

  constructor() {
    this.#http = createServer((request, response) => {
      void this.#api(request).then(({ status, body }) =>
        response.writeHead(status).end(JSON.stringify(body)),
      );
    });
    const server = new WebSocketServer({ noServer: true });
    this.#http.on('connection', (socket) => {
      this.#connections.add(socket);
      socket.on('close', () => this.#connections.delete(socket));
    });
    this.#http.on('upgrade', (request, socket, head) => {
      const ticket = /^\/v1\/console\/([0-9a-f]{64})$/.exec(request.url ?? '')?.[1] ?? '';
      const refusal =
        this.refusals.shift() ??
        (this.#tickets.delete(ticket) ? undefined : { status: 404, details: 'the ticket is used' });
      if (refusal === undefined) return server.handleUpgrade(request, socket, head, (ws) => this.#serve(ws));
      const body = JSON.stringify({ error: { code: 'SYS.1003', details: refusal.details } });
      socket.end(
        `HTTP/1.1 ${refusal.status} No\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
      );
    });
  }

  async listen(port = 0): Promise<string> {
    this.#http.listen(port, '127.0.0.1');
    await once(this.#http, 'listening');
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
  }

  async #api(request: IncomingMessage): Promise<{ status: number; body: object }> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://x');
    const rows: Record<string, object> = {
      '/v1/baremetal/chassis': { name: 'node1', uuid: chassisUuid },
      '/v1/vm-instances': { name: 'web', uuid: vmUuid },
    };
    const row = rows[pathname];
    if (row !== undefined) {
      const fits = searchParams
        .getAll('q')
        .every((q) => Object.entries(row).some(([k, v]) => q === `${k}=${v}`));
      return { status: 200, body: { inventories: fits ? [row] : [] } };
    }
    if (request.method === 'POST' && /^\/v1\/(?:baremetal\/)?consoles$/.test(pathname)) {
      this.links.push([pathname, JSON.parse(Buffer.concat(chunks).toString())]);
      return { status: 200, body: { inventory: { url: `http://192.0.2.1/console/#${this.#ticket()}` } } };
    }
    return {
      status: 404,
      body: { error: { code: 'SYS.1003', description: 'gone', details: 'no such path' } },
    };
  }

  #ticket(): string {
    const ticket = randomBytes(32).toString('hex');
    this.#tickets.add(ticket);
    return ticket;
  }

  #serve(socket: WebSocket): void {
    this.sockets.add(socket);
    socket.on('close', () => this.sockets.delete(socket));
    socket.on('error', () => undefined);
    const runStart = this.runStart === undefined ? {} : { runStart: this.runStart };
    this.say({
      type: 'hello',
      version: this.version,
      you: me,
      machine: { kind: 'chassis', uuid: chassisUuid, name: 'node1', status: 'Provisioning', power: 'on' },
      mayType: this.mayType,
      mayAct: this.mayType,
      resume: this.#ticket(),
      kept: { start: this.start, end: this.start + this.output.length, ...runStart, ...this.broken },
    });
    this.say({ type: 'serial', serial: this.serial });
    this.tellViewers();
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      if (isBinary) {
        this.typed += data.toString('latin1');
        if (this.echo) this.print(data.toString('latin1').toUpperCase());
        return;
      }
      const message = JSON.parse(data.toString()) as ClientMessage;
      this.messages.push(message);
      if (message.type === 'watch') this.#show(message.from ?? this.start);
      if (message.type === 'ask-write' && this.writer === undefined) this.give(me);
      if (message.type === 'hand-over') this.give(message.to === undefined ? undefined : other);
      if ('request' in message) this.say({ type: 'done', request: message.request });
    });
  }

  /** Everything from an offset on, and a little more, which viewers know to leave out. */
  #show(from: number): void {
    const at = Math.max(this.start, from - 2);
    this.#piece(at, this.output.subarray(at - this.start));
  }

  #piece(offset: number, bytes: Buffer): void {
    const head = Buffer.alloc(8);
    head.writeBigUInt64BE(BigInt(offset));
    if (bytes.length > 0) for (const socket of this.sockets) socket.send(Buffer.concat([head, bytes]));
  }

  say(message: ServerMessage | { type: string }): void {
    for (const socket of this.sockets) socket.send(JSON.stringify(message));
  }

  tellViewers(): void {
    const writer = this.writer === undefined ? {} : { writer: this.writer.id };
    this.say({ type: 'viewers', viewers: [me, other], ...writer });
  }

  give(viewer: Viewer | undefined): void {
    this.writer = viewer;
    this.tellViewers();
  }

  /** The machine prints; viewers see it at once. */
  print(text: string): void {
    const bytes = Buffer.from(text, 'latin1');
    const offset = this.start + this.output.length;
    this.output = Buffer.concat([this.output, bytes]);
    this.#piece(offset, bytes);
  }

  /** The machine prints more than anybody would keep. */
  flood(pieces: number, bytes: Buffer): void {
    for (let at = 0; at < pieces; at++) this.#piece(at * bytes.length, bytes);
  }

  /** Cuts every connection, as a network loss does. */
  drop(): void {
    for (const socket of this.sockets) socket.terminate();
  }

  async stop(): Promise<void> {
    for (const socket of this.#connections) socket.destroy();
    if (this.#http.listening) await new Promise((resolve) => void this.#http.close(resolve));
  }
}
