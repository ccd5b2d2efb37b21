import type { Clock } from '../base/clock.ts';
import { NetError } from './errors.ts';
import type { CommandResult, Following } from './shell.ts';
import { createBoundedOutput, createLineSplitter } from './shell-output.ts';
import type { SshLogin } from './ssh-login.ts';
import { connectionGone, type SshExit, type SshSession } from './ssh-sessions.ts';

/** What a command in a channel is given. */
export interface ChannelLimits {
  readonly input: string;
  readonly timeoutMs: number;
  readonly maxBytes: number;
}

const unknownExit: SshExit = { exitCode: undefined, signal: undefined };

/** Collects what the command of a channel prints until it ends. Rejects with NetError `timeout` (the channel is closed) or `closed`. */
export function runInChannel(
  { channel, exit }: SshSession,
  limits: ChannelLimits,
  connection: Pick<SshLogin, 'closed' | 'isLost'>,
  clock: Clock,
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const stdout = createBoundedOutput(limits.maxBytes);
    const stderr = createBoundedOutput(limits.maxBytes);
    let toEnd = 2;

    const cancel = clock.after(limits.timeoutMs, () => {
      endSession(channel);
      const seconds = Math.round(limits.timeoutMs / 1000);
      reject(new NetError('timeout', `a command on the host took longer than ${seconds} s and was ended`));
    });
    void connection.closed.then(() => {
      cancel();
      reject(connectionGone());
    });
    const oneEnded = (): void => {
      toEnd--;
      if (toEnd > 0) return;
      cancel();
      // What a command had said before its connection was lost is no result.
      if (connection.isLost()) return reject(connectionGone());
      const truncated = stdout.isTruncated() || stderr.isTruncated();
      resolve({ ...(exit() ?? unknownExit), stdout: stdout.text(), stderr: stderr.text(), truncated });
    };
    channel.on('data', stdout.push);
    channel.stderr.on('data', stderr.push);
    channel.on('close', oneEnded);
    channel.stderr.on('end', oneEnded);
    channel.end(limits.input);
  });
}

/** Tells the lines that the command of a channel prints. Its standard input stays open: see `withLifeline`. */
export function followChannel(
  { channel, exit }: SshSession,
  receive: { readonly line: (text: string) => void; readonly ended: (why: string) => void },
): Following {
  const lines = createLineSplitter(receive.line);
  const lastWords = createBoundedOutput(1000);
  let isOver = false;
  const end = (why: string): void => {
    if (isOver) return;
    isOver = true;
    receive.ended(why);
  };
  channel.on('data', (chunk: Buffer) => {
    if (!isOver) lines.push(chunk);
  });
  channel.stderr.on('data', lastWords.push);
  channel.on('close', () => {
    if (!isOver) lines.end();
    const how = exit();
    const words = lastWords.text().trim();
    end(how === undefined ? 'the connection was lost' : words || `it ended (${how.exitCode ?? how.signal})`);
  });
  return {
    close() {
      end('it was closed');
      endSession(channel);
    },
  };
}

function endSession(channel: SshSession['channel']): void {
  channel.signal('KILL');
  channel.close();
}
