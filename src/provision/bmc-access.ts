import {
  type BmcPoolOptions,
  type Connect,
  connectBmc,
  createBmcPool,
  createLockoutGuard,
  type IpmiDeps,
  type IpmiTiming,
  measureProfile,
  type PoolTarget,
  readLoginFacts,
  sweepBmcs,
} from '../ipmi/index.ts';
import type { OpenBmcAccess, ProvisionStore } from './ports.ts';

/** Failed logins of an account after which none is tried any more: many BMCs lock it at the third to fifth. */
const lockOutAfter = 2;

/**
 * Longer than the usual time between two looks at a machine's power, so that these share one login: some BMCs write every login into a log
 * of a few hundred entries.
 */
const idleMs = 90_000;

export interface BmcAccessDeps {
  readonly ipmi: IpmiDeps;
  readonly store: Pick<ProvisionStore, 'listBmcGuards' | 'saveBmcGuard'>;
  /** Of every session. */
  readonly privilege: 'user' | 'operator' | 'administrator';
  readonly pool?: BmcPoolOptions;
  /** For BMCs whose profile says nothing else. */
  readonly timing?: Partial<IpmiTiming>;
}

/** The real access to BMCs: one pool of sessions, and one durable guard before every login, whoever makes it. */
export function bmcAccess(deps: BmcAccessDeps): OpenBmcAccess {
  const { ipmi, store, privilege } = deps;
  const { clock, random, log } = ipmi;
  const connect: Connect = (target, timing) =>
    connectBmc({ ...target, privilege }, ipmi, { ...deps.timing, ...timing });

  return (lockedOut) => {
    const guard = createLockoutGuard(
      { load: () => store.listBmcGuards(), save: (entry) => store.saveBmcGuard(entry) },
      clock,
      { limit: lockOutAfter, lockedOut, ...(log && { log }) },
    );
    const pool = createBmcPool({ idleMs, ...deps.pool }, { connect, clock, random, guard });
    const closing = new AbortController();
    return {
      use: (key, target, work, options) => pool.use(key, target, work, options),
      status: (key) => pool.status(key),
      forget: (key) => pool.forget(key),
      async release(key, target) {
        await pool.release(key);
        await guard.release(key, target);
      },
      async lockOut(target) {
        const failures = await guard.failures(target);
        return { failures, lockedOut: failures >= lockOutAfter };
      },
      measure(key, { tuning: _measured, ...target }: PoolTarget, options) {
        const guarded: Connect = (one, timing) => guard.attempt(key, one, () => connect(one, timing));
        const readFacts = (one: PoolTarget) => readLoginFacts(one, ipmi, deps.timing);
        return measureProfile(guarded, target, { clock, readFacts }, options);
      },
      sweep: (options) => sweepBmcs(options, { ...ipmi, connect, guard, signal: closing.signal }),
      async close() {
        closing.abort();
        await pool.close();
      },
    };
  };
}
