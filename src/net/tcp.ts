import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Clock } from '../base/clock.ts';
import { messageOf } from '../base/errors.ts';
import { NetError } from './errors.ts';

/** Where to connect, and for how long to try, in ms on `clock`. */
export interface TcpTarget {
  /** Address or name. */
  readonly host: string;
  readonly port: number;
  readonly timeoutMs: number;
  readonly clock: Clock;
}

const refusals = new Set(['ECONNREFUSED', 'ECONNRESET']);
const noWay = new Set([
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EHOSTDOWN',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EADDRNOTAVAIL',
]);

/** Opens a TCP connection that sends small pieces at once. Rejects with NetError `refused`, `unreachable`, `timeout`, or else `io`. */
export function connectTcp({ host, port, timeoutMs, clock }: TcpTarget): Promise<Duplex> {
  const where = `${host} port ${port}`;
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true, keepAlive: true });
    const fail = (error: NetError): void => {
      stopTimer();
      socket.destroy();
      reject(error);
    };
    const stopTimer = clock.after(timeoutMs, () =>
      fail(
        new NetError(
          'timeout',
          `${where} does not answer; is it switched on, and does a firewall let this port through?`,
          { data: { host, port } },
        ),
      ),
    );
    const explain = (error: Error): void => fail(explained(error, where, { host, port }));
    socket.once('error', explain);
    socket.once('connect', () => {
      stopTimer();
      socket.off('error', explain);
      // Its user may come later than a fault, and learns of it by `destroyed` or `close`; without a listener it would end the process.
      socket.on('error', () => undefined);
      resolve(socket);
    });
  });
}

function explained(error: NodeJS.ErrnoException, where: string, target: Record<string, unknown>): NetError {
  const more = { data: { ...target, errno: error.code }, cause: error };
  const code = error.code ?? '';
  if (refusals.has(code)) return new NetError('refused', `nothing listens at ${where}`, more);
  if (noWay.has(code)) return new NetError('unreachable', `there is no way to ${where} (${code})`, more);
  return new NetError('io', `cannot connect to ${where}: ${messageOf(error)}`, more);
}
