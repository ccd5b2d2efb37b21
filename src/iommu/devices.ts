import { deviceOf, vmOf } from './attach/moving.ts';
import type { IommuDeps } from './attach/deps.ts';
import { plannedHost, plannedVm } from './attach/plan-input.ts';
import { IommuError } from './errors.ts';
import { renderMetaData } from './meta-data.ts';
import type { PciDevice, PciType } from './model.ts';
import { candidatesFor, planAttachment } from './plan/attachment.ts';
import type { IommuService } from './service.ts';
import type { Uuid } from '../base/uuid.ts';

/** Limit of description and metaData in the contract, in characters. */
const maxText = 2048;

/** What people change of a device, and what they ask about it; nothing on a host is touched. */
export function createDevices(
  deps: IommuDeps,
): Pick<IommuService, 'planAttachment' | 'updatePciDevice' | 'deletePciDevice' | 'candidates'> {
  return {
    async planAttachment(pciUuid, vmUuid) {
      const device = await deviceOf(deps, pciUuid);
      const vm = plannedVm(await vmOf(deps, vmUuid));
      return planAttachment({ device, vm, ...(await plannedHost(deps, device.hostUuid)) });
    },

    async updatePciDevice(uuid, change) {
      checkLength('description', change.description);
      checkLength('metaData', change.metaData);
      const { hostUuid } = await deviceOf(deps, uuid);
      // A look writes whole rows, too.
      await deps.work.rows(hostUuid, async () => {
        const device = await deviceOf(deps, uuid);
        await deps.store.savePci({ devices: [changed(device, change, deps.clock.now())] });
      });
    },

    async deletePciDevice(uuid) {
      const known = await deps.store.getPciDevice(uuid);
      if (known === undefined) return;
      await deps.work.rows(known.hostUuid, async () => {
        const device = await deps.store.getPciDevice(uuid);
        if (device === undefined) return;
        refuseInUse(device);
        await deps.store.deletePciDevice(uuid);
      });
    },

    async candidates(vmUuid, types) {
      const vm = plannedVm(await vmOf(deps, vmUuid));
      if (vm.hostUuid === undefined) return [];
      const host = await plannedHost(deps, vm.hostUuid);
      return candidatesFor(vm, host)
        .filter(({ type }) => isWanted(type, types))
        .map(({ uuid }): Uuid => uuid);
    },
  };
}

function refuseInUse(device: PciDevice): void {
  const name = `${device.name} (${device.pciDeviceAddress})`;
  if (device.status !== 'Inactive')
    throw new IommuError(
      'refused',
      `${name} is ${device.status}: only Inactive devices can be deleted, those that the host does not report any more; set its state to Disabled to keep it from VMs`,
    );
  if (device.vmInstanceUuid !== undefined)
    throw new IommuError(
      'refused',
      `the definition of VM ${device.vmInstanceUuid} still names ${name}: detach it from there first`,
    );
}

function isWanted(type: PciType, types: readonly PciType[] | undefined): boolean {
  return types === undefined || types.length === 0 || types.includes(type);
}

function changed(
  device: PciDevice,
  change: Parameters<IommuService['updatePciDevice']>[1],
  now: number,
): PciDevice {
  return {
    ...device,
    ...(change.state === undefined ? {} : { state: change.state }),
    ...(change.description === undefined ? {} : { description: change.description }),
    ...(change.metaData === undefined ? {} : { metaData: renderMetaData(change.metaData) }),
    lastOpDate: now,
  };
}

function checkLength(parameter: string, text: string | undefined): void {
  if (text === undefined || text.length <= maxText) return;
  throw new IommuError('invalid-argument', `${parameter}: must have at most ${maxText} characters`, {
    data: { parameter },
  });
}
