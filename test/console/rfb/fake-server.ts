import { duplexPair, type Duplex } from 'node:stream';
import { createExactReader } from '../../../src/console/rfb/exact-reader.ts';

/** How a fake server greets. */
export interface FakeServerOptions {
  readonly version?: string;
  readonly minor?: 3 | 7 | 8;
  /** Security types on offer; one that is used is 1 or 2. */
  readonly types?: readonly number[];
  /** What it answers to a login: none of it is a refusal. */
  readonly refusal?: { readonly reason: string };
  readonly width?: number;
  readonly height?: number;
  readonly name?: string;
}

/** A server that has greeted: what it saw of the other side, and its end of the stream. */
export interface FakeServer {
  readonly seen: { version: string; type: number; answer: Buffer; shared: number };
  readonly end: Duplex;
  readonly take: (length: number) => Promise<Buffer>;
}

/** The challenge of all fake servers. */
export const challenge = Buffer.from([...Array(16).keys()]);

/** Two ends of a stream: the server's and ours. */
export function makePair(): { readonly ours: Duplex; readonly end: Duplex } {
  const [ours, end] = duplexPair();
  end.on('error', () => undefined);
  return { ours, end };
}

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

export function u16s(...values: readonly number[]): Buffer {
  return Buffer.concat(values.map((value) => Buffer.from([value >> 8, value & 0xff])));
}

const said = (text: string): Buffer => Buffer.concat([u32(Buffer.byteLength(text)), Buffer.from(text)]);

/** ServerInit with a pixel format that nobody here relies on. RFC 6143 §7.3.2 */
export function serverInit(width: number, height: number, name: string): Buffer {
  return Buffer.concat([u16s(width, height), Buffer.from([8, 8, 0, 0]), Buffer.alloc(12), said(name)]);
}

/** Plays a server up to ServerInit. RFC 6143 §7.1 to §7.3, appendix A */
export async function playServer(end: Duplex, options: FakeServerOptions = {}): Promise<FakeServer> {
  const { minor = 8, types = [1], refusal } = options;
  const reader = createExactReader(end);
  const take = async (length: number): Promise<Buffer> => Buffer.from(await reader.take(length));
  const seen: FakeServer['seen'] = { version: '', type: 0, answer: Buffer.alloc(0), shared: -1 };
  end.write(options.version ?? `RFB 003.00${minor}\n`);
  seen.version = (await take(12)).toString('latin1');
  if (minor === 3) {
    seen.type = types[0] ?? 0;
    end.write(u32(seen.type));
  } else {
    end.write(Buffer.from([types.length, ...types]));
    if (types.length > 0) seen.type = (await take(1))[0]!;
  }
  if (types.length === 0) end.write(said(refusal?.reason ?? ''));
  if (seen.type === 2) {
    end.write(challenge);
    seen.answer = await take(16);
  }
  if (seen.type === 2 || minor === 8) end.write(u32(refusal === undefined ? 0 : 1));
  if (refusal !== undefined) {
    if (minor === 8) end.write(said(refusal.reason));
    end.end();
  }
  seen.shared = (await take(1))[0]!;
  end.write(serverInit(options.width ?? 4, options.height ?? 3, options.name ?? 'fake'));
  return { seen, end, take };
}

/** A clock that stands still until it is moved. */
export function handClock(): {
  readonly now: () => number;
  readonly after: (ms: number, run: () => void) => () => void;
  readonly advance: (ms: number) => void;
} {
  let now = 0;
  const timers = new Set<{ readonly at: number; readonly run: () => void }>();
  return {
    now: () => now,
    after(ms, run) {
      const timer = { at: now + ms, run };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    advance(ms) {
      now += ms;
      for (const timer of [...timers].filter(({ at }) => at <= now)) {
        timers.delete(timer);
        timer.run();
      }
    },
  };
}
