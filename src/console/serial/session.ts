import type { Clock } from '../../base/clock.ts';
import { assertNever } from '../../base/errors.ts';
import { ConsoleError } from '../errors.ts';
import type { SerialLine, SerialNews } from '../ports.ts';
import type { SerialState } from '../protocol.ts';
import { createThrottle } from './throttle.ts';
import type { SerialRecord } from './types.ts';

/** Opens a machine's line; rejects with ConsoleError. */
export type OpenLine = (takeOver: boolean, receive: (news: SerialNews) => void) => Promise<SerialLine>;

/** One line from its opening to its end; what it tells goes to the record. */
export interface Session {
  /** ms since the epoch. */
  readonly since: number;
  readonly state: () => SerialState;
  /** See Throttle `write`. */
  readonly type: (bytes: Uint8Array) => Promise<void>;
  /** Behind what was typed before; `refused` where the line knows no break. */
  readonly sendBreak: () => Promise<void>;
  readonly waiting: () => number;
  readonly drop: (error: ConsoleError) => void;
  /** How the line ended by itself; undefined while it has not. */
  readonly ended: () => { readonly text: string | undefined } | undefined;
  /** Never rejects. With a text the record is told that it ends here. */
  readonly close: (why?: string) => Promise<void>;
}

export interface SessionOptions {
  readonly open: OpenLine;
  readonly takeOver: boolean;
  readonly record: SerialRecord;
  readonly clock: Clock;
  readonly bytesPerSecond: number;
  readonly changed: () => void;
  /** The line ended by itself; called once, and never before the session is there. */
  readonly ended: (session: Session, text: string | undefined) => void;
}

/** Rejects as the opening of the line does, and with `failed` when the line ended before it was open. */
export async function openSession(options: SessionOptions): Promise<Session> {
  const { open, takeOver, record, clock, bytesPerSecond, changed, ended } = options;
  let session: Session | undefined;
  let end: { readonly text: string | undefined } | undefined;
  let isClosed = false;
  let isAttached = false;
  let lostText: string | undefined;
  let isTyping = true;

  /** Told once, before the first output: that may come before the line is open. */
  function attached(): void {
    if (isAttached) return;
    isAttached = true;
    lostText = undefined;
    record.mark('attached');
    changed();
  }

  /** `left`: by us, in order. */
  function notAttached(kind: 'detached' | 'left', text: string | undefined): void {
    drop();
    if (isAttached) record.mark(kind, text);
    isAttached = false;
  }

  function drop(): void {
    session?.drop(
      new ConsoleError('failed', 'the way to the machine was lost; type it again when it is back'),
    );
  }

  function hear(news: SerialNews): void {
    if (isClosed || end !== undefined) return;
    switch (news.kind) {
      case 'output':
        attached();
        record.append(news.data);
        return;
      case 'gap':
        record.mark('gap', news.reason);
        return;
      case 'break':
        record.mark('break');
        return;
      case 'availability':
        isTyping = news.available;
        break;
      case 'attached':
        attached();
        break;
      case 'detached':
        lostText = news.text;
        notAttached('detached', news.text);
        break;
      case 'ended':
        end = { text: news.text };
        notAttached('detached', news.text);
        if (session !== undefined) ended(session, news.text);
        break;
      default:
        assertNever(news, 'serial news');
    }
    changed();
  }

  let line: SerialLine;
  try {
    line = await open(takeOver, hear);
  } catch (error) {
    // Nothing may come of a line that is not there.
    isClosed = true;
    throw error;
  }
  const throttle = createThrottle({ send: (bytes) => line.write(bytes), clock, bytesPerSecond, changed });

  async function close(why?: string): Promise<void> {
    if (isClosed) return;
    notAttached('left', why);
    isClosed = true;
    try {
      await line.close();
    } catch {
      // It is gone either way.
    }
  }

  if (end !== undefined) {
    await close();
    const { text } = end;
    throw new ConsoleError('failed', text ?? 'the machine closed its console at once');
  }
  if (lostText === undefined) attached();
  session = {
    since: clock.now(),
    state() {
      if (lostText !== undefined) return { state: 'lost', text: lostText };
      return { state: 'open', typing: isTyping, canBreak: line.sendBreak !== undefined };
    },
    type: throttle.write,
    async sendBreak() {
      const { sendBreak } = line;
      if (sendBreak === undefined)
        throw new ConsoleError('refused', 'this console knows no break; use another way to the machine');
      await throttle.behind(() => sendBreak.call(line));
    },
    waiting: throttle.waiting,
    drop: throttle.drop,
    ended: () => end,
    close,
  };
  return session;
}
