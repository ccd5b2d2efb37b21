import type { Clock } from '../base/clock.ts';
import { messageOf } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import type { Mac } from '../base/mac.ts';
import type { MachineSighting } from '../pxe/ports.ts';
import type { SeenMachine } from './model.ts';
import type { ProvisionStore } from './ports.ts';

/** MACs can be made up at packet rate: the oldest sightings go first. */
const limit = 4096;
/** Sightings reach the disk in batches, so that a flood of them costs a few writes and no more. */
const writeEveryMs = 2000;

/** Machines that asked for a boot and that nobody knows. */
export interface SeenMachines {
  remember(sighting: MachineSighting, reason: string): void;
  /** Latest first. */
  list(): readonly SeenMachine[];
  /** Forgets a machine that was adopted. */
  forget(mac: Mac): void;
  /** Takes back what a restart found in the store. */
  restore(machines: readonly SeenMachine[]): void;
}

/** Builds the list, empty. */
export function createSeenMachines(deps: {
  readonly store: Pick<ProvisionStore, 'saveSeenMachine' | 'deleteSeenMachine'>;
  readonly clock: Clock;
  readonly log: Logger;
}): SeenMachines {
  // In the order of the last sighting: a Map keeps the order in which keys were set.
  const seen = new Map<Mac, SeenMachine>();
  const changed = new Set<Mac>();
  let waiting = false;

  async function write(): Promise<void> {
    waiting = false;
    const macs = [...changed];
    changed.clear();
    const outcomes = await Promise.allSettled(
      macs.map((mac) => {
        const machine = seen.get(mac);
        return machine ? deps.store.saveSeenMachine(machine) : deps.store.deleteSeenMachine(mac);
      }),
    );
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed) deps.log.warn({ reason: messageOf(failed.reason) }, 'could not record unknown machines');
  }

  function change(mac: Mac): void {
    changed.add(mac);
    if (waiting) return;
    waiting = true;
    deps.clock.after(writeEveryMs, () => void write());
  }

  function put(machine: SeenMachine): void {
    seen.delete(machine.mac);
    seen.set(machine.mac, machine);
    const [oldest] = seen.keys();
    if (seen.size <= limit || oldest === undefined) return;
    seen.delete(oldest);
    change(oldest);
  }

  return {
    remember(sighting, reason) {
      const { serverUuid, mac, uuids, firmware, vendorClass } = sighting;
      const now = deps.clock.now();
      const old = seen.get(mac);
      if (!old) deps.log.info({ mac, uuids, firmware }, 'an unknown machine asks for a boot');
      put({
        serverUuid,
        mac,
        uuids,
        firmware: firmware ?? old?.firmware,
        vendorClass,
        reason,
        firstSeen: old?.firstSeen ?? now,
        lastSeen: now,
        count: (old?.count ?? 0) + 1,
      });
      change(mac);
    },
    list: () => [...seen.values()].toReversed(),
    forget(mac) {
      if (seen.delete(mac)) change(mac);
    },
    restore(machines) {
      for (const machine of machines.toSorted((a, b) => a.lastSeen - b.lastSeen)) put(machine);
    },
  };
}
