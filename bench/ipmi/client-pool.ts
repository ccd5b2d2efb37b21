import { randomBytes } from 'node:crypto';
import { systemClock as clock } from '../../src/base/clock.ts';
import {
  type BmcPool,
  type BmcPoolOptions,
  connectBmc,
  createBmcPool,
  createLockoutGuard,
  type IpmiDeps,
  memoryGuardStore,
} from '../../src/ipmi/index.ts';
import { createOpenUdp } from '../../src/net/dgram.ts';

/** The machine's own network, clock and randomness. */
export const deps: IpmiDeps = { openUdp: createOpenUdp(), clock, random: randomBytes };

/** A pool as the product builds it. */
export function openPool(options: BmcPoolOptions): BmcPool {
  return createBmcPool(options, {
    connect: (target, timing) => connectBmc(target, deps, timing),
    clock,
    random: randomBytes,
    guard: createLockoutGuard(memoryGuardStore(), clock),
  });
}
