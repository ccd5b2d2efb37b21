import { ipv4FromNumber, ipv4ToNumber, parseIpv4 } from '../../src/base/ipv4.ts';
import type { BmcConfig } from './config.ts';
import { defaultConfig } from './config.ts';
import type { Faults } from './faults.ts';
import { type BmcSim, createBmcSim, type SimDeps } from './sim.ts';

export interface BmcFleetOptions extends Partial<BmcConfig> {
  readonly count: number;
  /** The others follow it, one address each. */
  readonly firstAddress: string;
  readonly port: number;
  readonly powerOn?: boolean;
  readonly faults?: Partial<Faults>;
}

/** Many BMCs in one process. */
export interface BmcFleet {
  readonly sims: readonly BmcSim[];
  setFaults(faults: Partial<Faults>): void;
  /** May be called twice. */
  close(): Promise<void>;
}

/** Starts `count` BMCs at consecutive addresses; when one can't be had, none stays and it rejects with its error. */
export async function createBmcFleet(
  { count, firstAddress, port, powerOn = false, faults, ...config }: BmcFleetOptions,
  deps?: SimDeps,
): Promise<BmcFleet> {
  const first = parseIpv4(firstAddress);
  if (first === undefined) throw new Error(`"${firstAddress}" is no IPv4 address`);
  const shared: BmcConfig = { ...defaultConfig, ...config };
  const start = ipv4ToNumber(first);
  const sims: BmcSim[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(sims.map((sim) => sim.close()));
  };
  try {
    for (let i = 0; i < count; i++) {
      const bind = { address: ipv4FromNumber(start + i), port };
      sims.push(
        await createBmcSim({ bind, powerOn, ...(faults === undefined ? {} : { faults }) }, deps, shared),
      );
    }
  } catch (error) {
    await close();
    throw error;
  }
  return {
    sims,
    setFaults(next) {
      for (const sim of sims) sim.setFaults(next);
    },
    close,
  };
}
