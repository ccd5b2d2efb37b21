import type { FileHandle } from 'node:fs/promises';
import type { Clock } from '../../../base/clock.ts';
import { assertNever, messageOf } from '../../../base/errors.ts';
import type { Version } from './answer.ts';
import type { Roads } from './hop.ts';
import type { DownloadLimits } from './limits.ts';
import type { ImageFile } from './partial.ts';
import { type OpenAnswer, requestFile } from './request.ts';
import { DownloadFailure, type Room } from './room.ts';

export interface DownloadOrder {
  readonly url: string;
  /** Query of the URL without its question mark; a secret, which goes to the server only. */
  readonly secretQuery: string | undefined;
  readonly roads: Roads;
  readonly file: ImageFile;
  readonly limits: DownloadLimits;
  readonly clock: Clock;
  /** Ends it at once; what came stays on disk. */
  readonly signal: AbortSignal;
  /** Space on the file system, asked before a byte is written. */
  readonly room: Room;
  /** Bytes that came, and all where that is known. */
  readonly progress: (done: number, total: number | undefined) => void;
}

/**
 * Fetches a file into `file.partPath`, durable when it resolves; goes on where an earlier call ended, when the server still has the same
 * version. Rejects with an Error whose text tells a person what is wrong, DownloadFailure where trying again would not help.
 */
export async function download(order: DownloadOrder): Promise<void> {
  await new Download(order).run();
}

class Download {
  readonly #order: DownloadOrder;
  #have = 0;
  /** Bytes that came, those of beginnings that were given up too. */
  #came = 0;
  #version: Version | undefined;
  /** Tries in a row that brought nothing, and beginnings from the first byte. */
  #idle = 0;
  #restarts = 0;

  constructor(order: DownloadOrder) {
    this.#order = order;
  }

  async run(): Promise<void> {
    const { url, file, limits, clock, signal } = this.#order;
    const until = clock.now() + limits.totalMs;
    const note = await file.read(url);
    this.#have = note?.validator === undefined ? 0 : note.bytes;
    this.#version = this.#have > 0 ? note : undefined;
    const handle = await file.open(this.#have);
    try {
      for (;;) {
        const before = this.#came;
        const trouble = await this.#try(handle, until);
        signal.throwIfAborted();
        if (trouble === undefined) break;
        this.#idle = this.#came - before >= limits.leastBytes ? 0 : this.#idle + 1;
        const retries = this.#have === 0 ? limits.firstRetries : limits.retries;
        if (this.#idle > retries) throw new Error(`${trouble}; ${retries} further tries brought no more`);
        const wait = limits.retryMs * 2 ** Math.min(this.#idle, 4);
        if (clock.now() + wait > until) throw tooLong(limits);
        await pause(clock, wait, signal);
        signal.throwIfAborted();
      }
      await this.#flush(handle);
    } finally {
      await handle.close();
    }
  }

  /** One request; undefined when all is there, else what was wrong. */
  async #try(handle: FileHandle, until: number): Promise<string | undefined> {
    const { url, secretQuery, roads, limits, clock, signal } = this.#order;
    const asked = secretQuery === undefined ? url : `${url}?${secretQuery}`;
    let answer: OpenAnswer;
    try {
      answer = await requestFile(asked, this.#have, this.#version, {
        roads,
        clock,
        silenceMs: limits.silenceMs,
        signal,
      });
    } catch (error) {
      if (error instanceof DownloadFailure) throw error;
      if (isOfCertificate(error))
        throw new DownloadFailure(`the server's certificate is not accepted: ${messageOf(error)}`, {
          cause: error,
        });
      return `the server cannot be asked: ${messageOf(error)}`;
    }
    const { verdict } = answer;
    try {
      switch (verdict.kind) {
        case 'complete':
          return undefined;
        case 'fail':
          throw new DownloadFailure(verdict.reason);
        case 'again':
          return verdict.reason;
        case 'restart':
          await this.#restart(handle, verdict.reason);
          return verdict.reason;
        case 'take':
          if (verdict.from < this.#have)
            await this.#restart(
              handle,
              'the server sends the file from its beginning instead of the part that is missing',
            );
          this.#version = verdict.version;
          return await this.#take(handle, answer, until);
        default:
          return assertNever(verdict, 'verdict');
      }
    } finally {
      answer.drop();
    }
  }

  async #restart(handle: FileHandle, reason: string): Promise<void> {
    this.#restarts += 1;
    if (this.#restarts > this.#order.limits.restarts)
      throw new DownloadFailure(`${reason}, again and again: it cannot be fetched whole`);
    this.#have = 0;
    this.#version = undefined;
    await handle.truncate(0);
  }

  /** Writes a body behind what is there; undefined when it was the whole rest. */
  async #take(handle: FileHandle, { body }: OpenAnswer, until: number): Promise<string | undefined> {
    const { limits, clock, room, signal, progress } = this.#order;
    const total = this.#version?.total;
    checkSize(total ?? this.#have, limits);
    await room.need((total ?? this.#have + limits.flushBytes) - this.#have);
    await this.#flush(handle);
    let flushed = this.#have;
    let pace = { at: clock.now(), bytes: this.#have };
    const pieces = body[Symbol.asyncIterator]();
    try {
      for (;;) {
        const piece = await fromServer(pieces.next());
        if (typeof piece === 'string') return piece;
        if (piece.done === true) break;
        const bytes = piece.value;
        if (this.#have + bytes.length > (total ?? limits.maxBytes))
          throw new DownloadFailure(
            total === undefined ? tooLarge(limits) : 'the server sends more bytes than it announced',
          );
        await writeAll(handle, bytes, this.#have);
        this.#have += bytes.length;
        this.#came += bytes.length;
        progress(this.#have, total);
        signal.throwIfAborted();
        const now = clock.now();
        if (now > until) throw tooLong(limits);
        if (now - pace.at >= limits.paceMs) {
          if (this.#have - pace.bytes < limits.leastBytes)
            return `the server sent only ${this.#have - pace.bytes} bytes in ${Math.round((now - pace.at) / 1000)} s`;
          pace = { at: now, bytes: this.#have };
        }
        if (this.#have - flushed < limits.flushBytes) continue;
        await this.#flush(handle);
        flushed = this.#have;
        await room.need(total === undefined ? limits.flushBytes : total - this.#have);
      }
    } finally {
      await pieces.return?.();
    }
    return total === undefined || this.#have === total
      ? undefined
      : `the server sent ${this.#have} bytes of ${total}`;
  }

  async #flush(handle: FileHandle): Promise<void> {
    const { url, file } = this.#order;
    await handle.datasync();
    const { validator, total } = this.#version ?? { validator: undefined, total: undefined };
    await file.note({ url, bytes: this.#have, validator, total });
  }
}

/** What comes from the server, or what went wrong there; errors of our disk stay errors. */
async function fromServer(
  next: Promise<IteratorResult<Uint8Array>>,
): Promise<IteratorResult<Uint8Array> | string> {
  try {
    return await next;
  } catch (error) {
    return `the connection was lost: ${messageOf(error)}`;
  }
}

/** Waits; an abort ends the wait. */
function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      stop();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const stop = clock.after(ms, done);
    signal.addEventListener('abort', done);
    if (signal.aborted) done();
  });
}

async function writeAll(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let at = 0; at < bytes.length; )
    at += (await handle.write(bytes, at, bytes.length - at, position + at)).bytesWritten;
}

function checkSize(bytes: number, limits: DownloadLimits): void {
  if (bytes > limits.maxBytes) throw new DownloadFailure(tooLarge(limits));
}

function tooLarge({ maxBytes }: DownloadLimits): string {
  return `the file is larger than ${maxBytes} bytes, the most that is fetched`;
}

function tooLong({ totalMs }: DownloadLimits): DownloadFailure {
  return new DownloadFailure(`the download took longer than ${Math.round(totalMs / 60_000)} minutes`);
}

function isOfCertificate(error: unknown): boolean {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' && /^(?:CERT_|ERR_TLS_CERT|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_)/.test(code);
}
