import type { ClientMessage, ServerMessage } from '../src/console/protocol.ts';
import { decodeOutput } from './state/frame.ts';
import { newSession, type Session, type SessionEvent, stepSession } from './state/session.ts';
import { type Kept, renderKept } from './state/ticket.ts';

/** A message that the server answers with `done`, `found` or `screen-ticket`, without its number. */
type Asking = Extract<ClientMessage, { readonly request: number }>;
type Answer = Extract<ServerMessage, { readonly request: number }>;
export type Question = Asking extends infer M ? (M extends Asking ? Omit<M, 'request'> : never) : never;

/** What the page is told, in order. */
export interface ConnectionEvents {
  session(session: Session): void;
  message(message: ServerMessage): void;
  /** `missing` bytes before these did not come. */
  output(bytes: Uint8Array, offset: number, missing: number): void;
  /** Output before this offset is of the past. */
  past(until: number): void;
  /** The record lost the end of what was shown; other output comes in its place. */
  rewound(): void;
  clear(): void;
}

/** The page's way to the server. */
export interface Connection {
  readonly session: () => Session;
  /** False when there is no connection now; nothing waits. */
  send(message: ClientMessage): boolean;
  type(bytes: Uint8Array): boolean;
  /** The answer; undefined when the connection ended before. */
  ask(question: Question): Promise<Answer | undefined>;
  /** Empties the terminal and shows the record from an offset on. */
  showFrom(offset: number): void;
  /** Does not wait any longer. */
  retry(): void;
}

const storeKey = 'rackwright-console';

/** WebSocket address beside the page: `/console/` and `/v1/...` have the same base. */
export function socketUrl(path: string): string {
  const url = new URL(`../v1/${path}`, location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  url.hash = '';
  return url.href;
}

/** True when the server that the page is from answers: then it was the ticket, not the network. */
async function isReachable(): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(5000);
    const answer = await fetch(location.pathname, { method: 'HEAD', cache: 'no-store', signal });
    return answer.ok;
  } catch {
    return false;
  }
}

/** Opens the console of a link or of what was kept for a reload. */
export function connect(kept: Kept | undefined, events: ConnectionEvents): Connection {
  let session = newSession({ ticket: undefined, ...kept });
  let socket: WebSocket | undefined;
  let timer: number | undefined;
  let lastRequest = 0;
  const waiting = new Map<number, (answer: Answer | undefined) => void>();

  const send = (message: ClientMessage): boolean => {
    if (session.phase !== 'open' || socket?.readyState !== WebSocket.OPEN) return false;
    socket.send(JSON.stringify(message));
    return true;
  };

  const step = (event: SessionEvent, bytes: Uint8Array = new Uint8Array(0)): void => {
    const [next, effects] = stepSession(session, event);
    const changed = next.phase !== session.phase || next.text !== session.text;
    session = next;
    for (const effect of effects) {
      switch (effect.kind) {
        case 'connect':
          open(effect.ticket);
          break;
        case 'wait':
          clearTimeout(timer);
          timer = setTimeout(() => step({ kind: 'due' }), effect.ms);
          break;
        case 'keep':
          sessionStorage.setItem(storeKey, renderKept(effect.ticket, effect.from));
          break;
        case 'forget':
          sessionStorage.removeItem(storeKey);
          break;
        case 'watch':
          send(effect.from === undefined ? { type: 'watch' } : { type: 'watch', from: effect.from });
          break;
        case 'past':
          events.past(effect.until);
          break;
        case 'rewound':
          events.rewound();
          break;
        case 'clear':
          events.clear();
          break;
        case 'write':
          if (event.kind === 'output') {
            events.output(bytes.subarray(effect.skip), event.offset + effect.skip, effect.missing);
          }
          break;
      }
    }
    if (changed) events.session(session);
  };

  const receive = (data: unknown): void => {
    if (data instanceof ArrayBuffer) {
      const { offset, bytes } = decodeOutput(new Uint8Array(data));
      step({ kind: 'output', offset, length: bytes.length }, bytes);
      return;
    }
    const message = JSON.parse(String(data)) as ServerMessage;
    if (message.type === 'hello') step({ kind: 'hello', ticket: message.resume, kept: message.kept });
    if (message.type === 'bye') step({ kind: 'bye', text: message.text, final: message.final });
    if ('request' in message) {
      waiting.get(message.request)?.(message);
      waiting.delete(message.request);
    }
    events.message(message);
  };

  const lost = async (gone: WebSocket): Promise<void> => {
    if (socket !== gone) return;
    socket = undefined;
    for (const answer of waiting.values()) answer(undefined);
    waiting.clear();
    const reachable = session.phase === 'connecting' && (await isReachable());
    step({ kind: 'closed', reachable, dice: Math.random() });
  };

  const open = (ticket: string): void => {
    const opened = new WebSocket(socketUrl(`console/${ticket}`));
    opened.binaryType = 'arraybuffer';
    socket = opened;
    opened.addEventListener('message', ({ data }) => {
      if (socket === opened) receive(data);
    });
    opened.addEventListener('close', () => void lost(opened));
  };

  const retry = (): void => {
    clearTimeout(timer);
    step({ kind: 'due' });
  };
  addEventListener('online', retry);
  // A connection over a network that is gone would look alive for minutes.
  addEventListener('offline', () => {
    const gone = socket;
    if (gone === undefined) return;
    gone.close();
    void lost(gone);
  });
  queueMicrotask(() => step({ kind: 'start' }));

  return {
    session: () => session,
    send,
    type(bytes) {
      if (session.phase !== 'open' || socket?.readyState !== WebSocket.OPEN) return false;
      socket.send(Uint8Array.from(bytes));
      return true;
    },
    ask(question) {
      lastRequest += 1;
      const request = lastRequest;
      return new Promise((resolve) => {
        waiting.set(request, resolve);
        if (send({ ...question, request })) return;
        waiting.delete(request);
        resolve(undefined);
      });
    },
    showFrom: (from) => step({ kind: 'show-from', from }),
    retry,
  };
}

/** What was kept for a reload of this tab. */
export const keptText = (): string | null => sessionStorage.getItem(storeKey);
