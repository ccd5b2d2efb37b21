import type { IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';
import type { Clock } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type { ClientMessage } from '../../console/protocol.ts';
import { CliError } from '../errors.ts';
import { readBounded } from '../io.ts';
import { type Frame, readFrame } from './frames.ts';

/** The largest frames are pieces of the record. */
const maxFrameBytes = 4 * 1024 * 1024;
const handshakeMs = 15_000;
/** A server that is gone without a word is noticed after at most two of these. */
const pingMs = 20_000;

/** An open WebSocket of a console. */
export interface ConsoleSocket {
  send(data: ClientMessage | Uint8Array): void;
  /** Holds the server back, and lets it go on. */
  pause(): void;
  resume(): void;
  close(): void;
}

/** How a connection went. */
export type Ended =
  /** It was open, and is no more. */
  | { readonly kind: 'closed'; readonly text: string }
  /** HTTP's answer instead of a WebSocket. */
  | { readonly kind: 'refused'; readonly status: number; readonly text: string }
  | { readonly kind: 'unreachable'; readonly text: string };

export interface SocketHandlers {
  readonly opened: (socket: ConsoleSocket) => void;
  /** In order. Throws CliError: the connection ends with it. */
  readonly frame: (frame: Frame) => void;
}

/**
 * One WebSocket from its opening to its end; `url` has a ticket in it and is told to nobody. Rejects with the CliError that a handler
 * throws.
 */
export function converse(url: string, clock: Clock, { opened, frame }: SocketHandlers): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, {
      handshakeTimeout: handshakeMs,
      maxPayload: maxFrameBytes,
      perMessageDeflate: false,
    });
    let isOpen = false;
    let isAlive = true;
    let broke: string | undefined;
    let cancelPing = (): void => {};

    function ping(): void {
      cancelPing = clock.after(pingMs, () => {
        if (!isAlive) {
          broke = 'the server does not answer any more';
          return socket.terminate();
        }
        isAlive = false;
        // What is held back cannot answer.
        if (socket.isPaused) isAlive = true;
        else socket.ping();
        ping();
      });
    }

    socket.on('open', () => {
      isOpen = true;
      ping();
      opened({
        send: (data) => {
          if (socket.readyState !== WebSocket.OPEN) return;
          socket.send(data instanceof Uint8Array ? data : JSON.stringify(data));
        },
        pause: () => socket.pause(),
        resume: () => socket.resume(),
        close: () => {
          socket.resume();
          socket.close(1000);
          // A server that does not answer the closing is not waited for.
          clock.after(1000, () => socket.terminate());
        },
      });
    });
    socket.on('pong', () => void (isAlive = true));
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      isAlive = true;
      try {
        frame(readFrame(data, isBinary));
      } catch (error) {
        reject(error instanceof Error ? error : new Error(messageOf(error)));
        socket.terminate();
      }
    });
    socket.on('unexpected-response', (request, response) => {
      void textOfRefusal(response).then((text) => {
        resolve({ kind: 'refused', status: response.statusCode ?? 0, text });
        request.destroy();
      });
    });
    socket.on('error', (error) => void (broke ??= messageOf(error)));
    socket.on('close', (_code, reason) => {
      cancelPing();
      const text = reason.toString('utf8') || broke || 'the connection was lost';
      resolve(isOpen ? { kind: 'closed', text } : { kind: 'unreachable', text });
    });
  });
}

/** What the API says in place of the WebSocket. */
async function textOfRefusal(response: IncomingMessage): Promise<string> {
  const plainText = `the server answered HTTP ${response.statusCode ?? 0}`;
  try {
    const body = await readBounded(response, 64 * 1024);
    const { error } = JSON.parse(Buffer.from(body ?? []).toString('utf8')) as {
      error?: { details?: unknown };
    };
    return typeof error?.details === 'string' ? error.details : plainText;
  } catch {
    return plainText;
  }
}

/** Address of the WebSocket of a ticket, at the API that the command talks to: the host in an answer may be one that it cannot reach. */
export function socketUrl(apiUrl: string, ticket: string): string {
  return `${apiUrl.replace(/^http/, 'ws')}/v1/console/${ticket}`;
}

/** The ticket in the link that the API answered. Throws CliError `bad-answer`. */
export function ticketOf(link: unknown): string {
  const ticket = typeof link === 'string' ? /#([0-9a-f]{64})$/.exec(link)?.[1] : undefined;
  if (ticket === undefined) throw new CliError('bad-answer', 'the server answered no link to the console');
  return ticket;
}
