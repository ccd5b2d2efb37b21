import { type Ipv4, ipv4FromNumber, ipv4ToNumber, parseIpv4 } from '../../src/base/ipv4.ts';
import type { PoolTarget } from '../../src/ipmi/index.ts';

/** Simulated BMCs at consecutive addresses. */
export interface Fleet {
  readonly first: string;
  readonly count: number;
}

/** The one UDP port of all simulated BMCs: no root is needed for it, and all peers can be told of it. */
export const bmcPort = 6230;

/** User of the simulators; no secret, see hardware-lab/bmc-sim/config.ts. */
export const bmcLogin = { username: 'admin', password: 'test-secret', privilege: 'operator' } as const;

/** Address of each BMC. */
export function addressesOf({ first, count }: Fleet): readonly string[] {
  const start = ipv4ToNumber(parseIpv4(first) ?? ('127.0.0.1' as Ipv4));
  return Array.from({ length: count }, (_, at) => ipv4FromNumber(start + at));
}

/** A pool's target for each BMC. */
export const targetsOf = (fleet: Fleet): readonly PoolTarget[] =>
  addressesOf(fleet).map((address) => ({ address, port: bmcPort, ...bmcLogin }));

/** The fleet in a worker's arguments. */
export const fleetOf = ([first = '', count = '']: readonly string[]): Fleet => ({
  first,
  count: Number(count),
});
