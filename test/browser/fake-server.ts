import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { basename, join } from 'node:path';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { assertNever } from '../../src/base/errors.ts';
import type {
  ClientMessage,
  MachineView,
  SearchHit,
  SerialState,
  ServerMessage,
  TimelineLine,
  Viewer,
} from '../../src/console/protocol.ts';
import { createFakeRecord, type Deliver, type FakeRecord } from './fake-record.ts';

/** What the page's header allows, as small as the two libraries take. */
export const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

interface Rights {
  readonly name: string;
  readonly mayType: boolean;
}

interface Seat {
  readonly viewer: Viewer;
  readonly rights: Rights;
  readonly send: (message: ServerMessage) => void;
}

/** A server of one machine's console that a test plays. */
export interface FakeServer {
  readonly url: string;
  readonly record: FakeRecord;
  /** A link for one viewer. */
  link(rights?: Partial<Rights>): string;
  machine(change: Partial<MachineView>): void;
  timeline(lines: readonly TimelineLine[], reset?: boolean): void;
  /** A picture that lines may name. */
  picture(name: string, png: Uint8Array): void;
  serial(state: SerialState): void;
  /** Undefined: there is no screen. Each viewer gets a stream of its own. */
  screen(open: (() => Promise<Duplex>) | undefined): void;
  typing(waiting: number): void;
  bye(text: string, final: boolean): void;
  /** Characters that viewers typed, in order. */
  readonly typed: () => string;
  /** Messages that viewers sent, in order. */
  readonly asked: () => readonly ClientMessage[];
  /** Cuts all connections, as a network does. */
  cut(): void;
  /** From now on nobody gets in (true), or everybody with a ticket again. */
  deaf(refuse: boolean): void;
  close(): Promise<void>;
}

/** Serves a built page and plays the server of src/console/protocol.ts. */
export async function startFakeServer(webFolder: string): Promise<FakeServer> {
  const record = createFakeRecord();
  const tickets = new Map<string, Rights>();
  const screenTickets = new Set<string>();
  const pictures = new Map<string, Uint8Array>();
  const seats = new Map<WebSocket, Seat>();
  const sockets = new Set<Socket>();
  const typed: Buffer[] = [];
  const asked: ClientMessage[] = [];
  let machine: MachineView = {
    kind: 'chassis',
    uuid: '0f4f0d1e6d3e4d6c8f7f3a2f5a6b7c8d',
    name: 'rack3-node17',
    status: 'Provisioning',
    power: 'on',
  };
  let lines: readonly TimelineLine[] = [];
  let serial: SerialState = { state: 'open', typing: true, canBreak: true };
  let openScreen: (() => Promise<Duplex>) | undefined;
  let writer: string | undefined;
  let deaf = false;
  let people = 0;

  const issue = (rights: Rights): string => {
    const ticket = randomBytes(32).toString('hex');
    tickets.set(ticket, rights);
    return ticket;
  };
  const tellAll = (message: ServerMessage): void => {
    for (const { send } of seats.values()) send(message);
  };
  const tellViewers = (): void =>
    tellAll({
      type: 'viewers',
      viewers: [...seats.values()].map(({ viewer }) => viewer),
      ...(writer === undefined ? {} : { writer }),
    });
  const timelineMessage = (reset: boolean, some: readonly TimelineLine[]): ServerMessage => ({
    type: 'timeline',
    runUuid: machine.run?.uuid ?? '',
    reset,
    lines: some,
  });
  const searchRecord = (text: string): readonly SearchHit[] => {
    let offset = 0;
    const hits: SearchHit[] = [];
    for (const line of record.text().split('\n')) {
      if (line.includes(text)) hits.unshift({ offset, at: Date.now(), line });
      offset += Buffer.byteLength(line) + 1;
    }
    return hits;
  };

  const answer = (seat: Seat, message: ClientMessage, deliver: Deliver): void => {
    const { viewer, send, rights } = seat;
    asked.push(message);
    switch (message.type) {
      case 'watch':
        return record.watch(deliver, message.from);
      case 'ask-write': {
        if (!rights.mayType) return;
        const owner = [...seats.values()].find((one) => one.viewer.id === writer);
        if (owner !== undefined) return owner.send({ type: 'write-asked', by: viewer, seconds: 20 });
        writer = viewer.id;
        return tellViewers();
      }
      case 'hand-over':
        if (writer === viewer.id) writer = message.to;
        return tellViewers();
      case 'keep-write':
        return;
      case 'open-screen': {
        const ticket = randomBytes(32).toString('hex');
        screenTickets.add(ticket);
        return send({ type: 'screen-ticket', request: message.request, ticket });
      }
      case 'picture': {
        const { request, name } = message;
        const png = pictures.get(name);
        return send(
          png === undefined
            ? { type: 'done', request, error: 'this picture is not kept any more' }
            : { type: 'picture', request, png: Buffer.from(png).toString('base64') },
        );
      }
      case 'search': {
        const hits = searchRecord(message.text);
        return send({ type: 'found', request: message.request, hits, more: false });
      }
      case 'take-over':
        serial = { state: 'open', typing: true, canBreak: true };
        tellAll({ type: 'serial', serial });
        return send({ type: 'done', request: message.request });
      case 'power':
      case 'break':
        return send({ type: 'done', request: message.request });
      default:
        return assertNever(message);
    }
  };

  const attach = (socket: WebSocket, rights: Rights): void => {
    const send = (message: ServerMessage): void => socket.send(JSON.stringify(message));
    people += 1;
    const seat: Seat = { viewer: { id: `v${people}`, name: rights.name }, rights, send };
    seats.set(socket, seat);
    const deliver: Deliver = (news) => socket.send(news instanceof Uint8Array ? news : JSON.stringify(news));
    const { mayType } = rights;
    const resume = issue(rights);
    send({
      type: 'hello',
      version: 1,
      you: seat.viewer,
      machine,
      mayType,
      mayAct: mayType,
      resume,
      kept: { ...record.kept },
    });
    send(timelineMessage(true, lines));
    send({ type: 'serial', serial });
    send({ type: 'screen', available: openScreen !== undefined });
    tellViewers();
    socket.on('message', (data: Buffer, isBinary) => {
      if (!isBinary) answer(seat, JSON.parse(data.toString()) as ClientMessage, deliver);
      else if (writer === seat.viewer.id) typed.push(data);
    });
    socket.on('close', () => {
      record.leave(deliver);
      seats.delete(socket);
      if (writer === seat.viewer.id) writer = undefined;
      tellViewers();
    });
  };

  const attachScreen = async (socket: WebSocket): Promise<void> => {
    if (openScreen === undefined) return socket.close();
    const stream = await openScreen();
    socket.on('message', (data: Buffer) => stream.write(data));
    socket.on('close', () => stream.destroy());
    stream.on('data', (data: Buffer) => socket.send(data));
    stream.on('close', () => socket.close());
    stream.on('error', () => socket.close());
  };

  const types: Readonly<Record<string, string>> = {
    js: 'text/javascript',
    css: 'text/css',
    html: 'text/html; charset=utf-8',
  };
  const server: Server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://page');
    const name = pathname === '/console/' ? 'index.html' : basename(pathname);
    readFile(join(webFolder, name)).then(
      (body) => {
        const type = types[name.slice(name.lastIndexOf('.') + 1)] ?? 'text/plain';
        response.writeHead(200, {
          'content-type': type,
          'content-security-policy': contentSecurityPolicy,
          'x-content-type-options': 'nosniff',
        });
        response.end(request.method === 'HEAD' ? undefined : body);
      },
      () => response.writeHead(404).end(),
    );
  });
  const upgrades = new WebSocketServer({ noServer: true });
  server.on('connection', (socket) => {
    if (deaf) socket.destroy();
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    const [, , kind, ticket = ''] = (request.url ?? '').split('/');
    const rights = tickets.get(ticket);
    const known = kind === 'console-screen' ? screenTickets.delete(ticket) : tickets.delete(ticket);
    if (!known) {
      socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n');
      return;
    }
    upgrades.handleUpgrade(request, socket, head, (opened) => {
      if (rights === undefined) void attachScreen(opened);
      else attach(opened, rights);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };

  return {
    url,
    record,
    link: ({ name = 'admin', mayType = true } = {}) => `${url}/console/#${issue({ name, mayType })}`,
    machine(change) {
      machine = { ...machine, ...change };
      tellAll({ type: 'machine', machine });
    },
    timeline(some, reset = false) {
      lines = reset ? some : [...lines, ...some];
      tellAll(timelineMessage(reset, some));
    },
    picture: (name, png) => void pictures.set(name, png),
    serial(state) {
      serial = state;
      tellAll({ type: 'serial', serial });
    },
    screen(open) {
      openScreen = open;
      tellAll({ type: 'screen', available: open !== undefined });
    },
    typing: (waiting) => tellAll({ type: 'typing', waiting }),
    bye(text, final) {
      tellAll({ type: 'bye', text, final });
      for (const socket of seats.keys()) socket.close();
    },
    typed: () => Buffer.concat(typed).toString(),
    asked: () => asked,
    cut,
    deaf(refuse) {
      deaf = refuse;
    },
    async close() {
      cut();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}
