import { randomBytes } from 'node:crypto';
import { systemClock } from '../../src/base/clock.ts';
import { messageOf } from '../../src/base/errors.ts';
import { type BmcClient, IpmiError, type IpmiDeps } from '../../src/ipmi/index.ts';
import { openUdp } from '../../src/net/dgram.ts';

/** The real clock, sockets and randomness for a client. */
export const realDeps: IpmiDeps = {
  openUdp,
  clock: systemClock,
  random: (length) => new Uint8Array(randomBytes(length)),
};

/** The IpmiError that `work` must reject with; anything else fails the test. */
export async function ipmiErrorOf(work: Promise<unknown>): Promise<IpmiError> {
  const outcome = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (outcome instanceof IpmiError) return outcome;
  throw new Error(`expected an IpmiError, got ${outcome === undefined ? 'success' : messageOf(outcome)}`);
}

/** Runs `work` with a client and closes it in any case. */
export async function using<T>(
  client: Promise<BmcClient>,
  work: (client: BmcClient) => Promise<T>,
): Promise<T> {
  const open = await client;
  try {
    return await work(open);
  } finally {
    await open.close();
  }
}
