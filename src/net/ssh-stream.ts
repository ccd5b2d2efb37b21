import { Duplex } from 'node:stream';
import type { Client, ClientChannel } from 'ssh2';
import type { Clock } from '../base/clock.ts';
import { messageOf } from '../base/errors.ts';
import { NetError } from './errors.ts';
import type { StreamTarget } from './shell.ts';
import type { SshLogin } from './ssh-login.ts';
import { connectionGone } from './ssh-sessions.ts';

/** Twice the window that the host is given (RFC 4254 §5.2): what comes beyond it is not kept for a reader that is slow. */
const maxBuffered = 4 * 1024 * 1024;

/** Opens a byte stream through a connection. Rejects with NetError `refused` (the host's side) or `timeout`. */
export async function openSshStream(
  { client, isLost }: Pick<SshLogin, 'client' | 'isLost'>,
  target: StreamTarget,
  asRoot: boolean,
  timeoutMs: number,
  clock: Clock,
): Promise<Duplex> {
  return new ChannelStream(await openChannel(client, target, asRoot, timeoutMs, clock), isLost);
}

function openChannel(
  client: Client,
  target: StreamTarget,
  asRoot: boolean,
  timeoutMs: number,
  clock: Clock,
): Promise<ClientChannel> {
  return new Promise((resolve, reject) => {
    let isLate = false;
    const cancel = clock.after(timeoutMs, () => {
      isLate = true;
      reject(new NetError('timeout', `the host does not open a stream to ${nameOf(target)} in time`));
    });
    const opened = (error: Error | undefined, channel: ClientChannel): void => {
      cancel();
      if (error) return reject(refused(target, asRoot, error));
      if (isLate) channel.close();
      else resolve(channel);
    };
    try {
      if ('socketPath' in target) client.openssh_forwardOutStreamLocal(target.socketPath, opened);
      else client.forwardOut('127.0.0.1', 0, target.host, target.port, opened);
    } catch (error) {
      cancel();
      reject(new NetError('closed', 'the connection to the host is gone', { cause: error }));
    }
  });
}

const nameOf = (target: StreamTarget): string =>
  'socketPath' in target ? target.socketPath : `${target.host}:${target.port}`;

/** Reason 1 is "administratively prohibited" (RFC 4254 §5.1); sshd says it of TCP only, and 2 of a unix socket in any case. */
function refused(target: StreamTarget, asRoot: boolean, error: Error & { reason?: unknown }): NetError {
  const what = nameOf(target);
  const why =
    'socketPath' in target
      ? `nobody listens there, or its sshd_config has AllowStreamLocalForwarding no${
          asRoot ? '' : ', or this user may not use the socket: sudo does not reach that far, log in as root'
        }`
      : error.reason === 1
        ? 'its sshd does not allow that; set AllowTcpForwarding yes in its sshd_config'
        : 'nobody listens there';
  const data = { target: what, detail: messageOf(error).slice(0, 200) };
  return new NetError('refused', `the host cannot open a stream to ${what}: ${why}`, { data });
}

/**
 * A channel as Node's streams are: ssh2's own forgets the callback of a write when the channel closes under it, and `destroy` of it
 * tells nobody.
 */
class ChannelStream extends Duplex {
  readonly #channel: ClientChannel;
  #waiting: ((error?: Error | null) => void) | undefined;

  constructor(channel: ClientChannel, isLost: () => boolean) {
    super({ allowHalfOpen: true });
    this.#channel = channel;
    boundBuffer(channel, () =>
      this.destroy(new NetError('closed', 'the host sent more than it was allowed to')),
    );
    channel.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) channel.pause();
    });
    // A lost connection ends the channels as well: that is no end of what the other side had to say.
    channel.on('end', () => (isLost() ? this.destroy(connectionGone()) : this.push(null)));
    channel.on('close', () => this.#ended());
    channel.on('error', () => undefined);
    channel.stderr.resume();
  }

  #ended(): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.(new NetError('closed', 'the other side closed the stream'));
    if (!this.writableEnded) this.end();
  }

  override _read(): void {
    this.#channel.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    if (!this.#channel.writable) return done(new NetError('closed', 'the other side closed the stream'));
    this.#waiting = done;
    this.#channel.write(chunk, () => {
      const waiting = this.#waiting;
      this.#waiting = undefined;
      waiting?.();
    });
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#channel.end();
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#waiting = undefined;
    this.#channel.close();
    this.#channel.resume();
    done(error);
  }
}

/** ssh2 keeps whatever a host sends beyond its window. */
function boundBuffer(channel: ClientChannel, tooMuch: () => void): void {
  const push = channel.push.bind(channel);
  channel.push = (chunk: Buffer | null) => {
    if (chunk !== null && channel.readableLength > maxBuffered) {
      tooMuch();
      return false;
    }
    return push(chunk);
  };
}
