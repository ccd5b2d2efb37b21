import type { Readable, Writable } from 'node:stream';
import { CliError } from './errors.ts';
import { plain } from './output.ts';

/** What a command reads and writes; tests give their own. */
export interface Io {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: Readable & { readonly isTTY?: boolean; setRawMode?(raw: boolean): unknown };
  readonly stdout: Writable & { readonly isTTY?: boolean };
  readonly stderr: Writable & { readonly isTTY?: boolean; readonly columns?: number };
}

/** One line of output. */
export function say(io: Io, text: string): void {
  io.stdout.write(`${text}\n`);
}

/** First line of standard input, at most 64 KiB. Rejects when there is none. */
async function readLine(io: Io): Promise<string> {
  let text = '';
  for await (const chunk of io.stdin) {
    text += String(chunk);
    if (text.includes('\n') || text.length > 65_536) break;
  }
  const line = text.split('\n')[0]?.replace(/\r$/, '') ?? '';
  if (line === '') throw new CliError('usage', 'nothing was given on standard input');
  return line;
}

async function readHidden(io: Io, prompt: string): Promise<string> {
  io.stderr.write(prompt);
  io.stdin.setRawMode?.(true);
  try {
    return await new Promise<string>((resolve, reject) => {
      let text = '';
      const onData = (chunk: unknown): void => {
        for (const char of String(chunk)) {
          if (char === '\r' || char === '\n' || char === '\u0004') return finish(() => resolve(text));
          if (char === '\u0003') return finish(() => reject(new CliError('usage', 'broken off')));
          text = char === '\u007f' || char === '\b' ? text.slice(0, -1) : text + char;
        }
      };
      const finish = (end: () => void): void => {
        io.stdin.off('data', onData);
        io.stdin.pause();
        end();
      };
      io.stdin.on('data', onData);
      io.stdin.resume();
    });
  } finally {
    io.stdin.setRawMode?.(false);
    io.stderr.write('\n');
  }
}

/** A password from the environment, a hidden prompt or standard input; never from the command line, where others see it. */
export async function readPassword(io: Io, variable: string, prompt: string): Promise<string> {
  const given = io.env[variable];
  if (given !== undefined && given !== '') return given;
  return io.stdin.isTTY === true ? readHidden(io, prompt) : readLine(io);
}

/** A password to be set: as readPassword, but a prompt asks twice, because nobody sees what was typed. */
export async function readNewPassword(io: Io, variable: string, prompt: string): Promise<string> {
  const password = await readPassword(io, variable, prompt);
  if (password === '') throw new CliError('usage', 'a password cannot be empty');
  const isTyped = (io.env[variable] ?? '') === '' && io.stdin.isTTY === true;
  if (isTyped && (await readHidden(io, 'The same again: ')) !== password) {
    throw new CliError('usage', 'the two passwords differ; nothing was changed');
  }
  return password;
}

/** All bytes of a stream; undefined when they are more than `limit`. */
export async function readBounded(stream: Readable, limit: number): Promise<Uint8Array | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : (chunk as Buffer);
    length += bytes.length;
    if (length > limit) return undefined;
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}

/** Before this, a job is too quick to be worth a line, ms. */
export const progressAfterMs = 1000;

/** Shows on the error stream that a job is still running. */
export interface Progress {
  /** `stage` says how far the job is; it is shown on a terminal only. */
  onWait(elapsedMs: number, stage?: string): void;
  /** Takes the line off the terminal; `onWait` brings it back. */
  done(): void;
}

/** A line that is rewritten on a terminal, one line elsewhere. */
export function createProgress(io: Io, what: string): Progress {
  let shown = false;
  return {
    onWait(elapsedMs, stage) {
      if (elapsedMs < progressAfterMs) return;
      const time = ` ... ${Math.floor(elapsedMs / 1000)} s`;
      // A line that wraps cannot be rewritten.
      const room = Math.max(0, (io.stderr.columns ?? 80) - 1 - time.length);
      const text = (stage === undefined ? what : `${what}: ${plain(stage)}`).slice(0, room);
      if (io.stderr.isTTY === true) io.stderr.write(`\r\u001b[K${text}${time}`);
      else if (!shown) io.stderr.write(`${what} ...\n`);
      shown = true;
    },
    done() {
      if (shown && io.stderr.isTTY === true) io.stderr.write('\r\u001b[K');
    },
  };
}
