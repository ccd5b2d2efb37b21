import type { Uuid } from '../base/uuid.ts';
import type { Chassis } from './model.ts';
import type { NetbootServices, Placement, PlacementOf, ProvisionStore } from './ports.ts';
import { chooseServer } from './server-choice.ts';
import { ProvisionError } from './service.ts';

/** Where a run may take place. Both reject with ProvisionError and say what to do. */
interface Placing {
  /** The place of a chassis; `provision-failed` while nothing may be provisioned there. */
  placementFor(chassis: Chassis): Promise<Placement>;
  /** The PXE server for a place; `no-pxe-server` or `pxe-server-stopped` when none fits. */
  serverFor(placement: Placement): Promise<Uuid>;
}

/** Builds what a run asks before it begins. */
export function createPlacing(deps: {
  readonly placementOf: PlacementOf;
  readonly store: Pick<ProvisionStore, 'listPxeServers'>;
  readonly netboot: Pick<NetbootServices, 'bootUrl'>;
}): Placing {
  return {
    async placementFor(chassis) {
      const placement = await deps.placementOf(chassis.uuid);
      if (placement.refusal === undefined) return placement;
      throw new ProvisionError(
        'provision-failed',
        `chassis "${chassis.name}" cannot be provisioned now: ${placement.refusal}`,
      );
    },
    async serverFor(placement) {
      const isRunning = (uuid: Uuid): boolean => deps.netboot.bootUrl(uuid) !== undefined;
      const choice = chooseServer(await deps.store.listPxeServers(), isRunning, placement);
      if (choice.kind === 'none') throw new ProvisionError(choice.code, choice.text);
      return choice.uuid;
    },
  };
}
