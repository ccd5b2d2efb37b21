import type { Uuid } from '../../base/uuid.ts';
import type { VmInstance } from '../../kvm/index.ts';
import { IommuError } from '../errors.ts';
import type { HostNeeds } from '../model.ts';
import type { planAttachment, PlannedHost, PlannedVm } from '../plan/attachment.ts';
import type { IommuDeps } from './deps.ts';
import type { Scene } from './moving.ts';

/** The VM as plans see it: it belongs to the host where it runs or where its definition lies. */
export function plannedVm(vm: VmInstance): PlannedVm {
  return { uuid: vm.uuid, state: vm.state, hostUuid: vm.hostUuid ?? vm.lastHostUuid };
}

/** The host as plans see it; looks at it first when this process has not seen it yet. */
export async function plannedHost(deps: IommuDeps, hostUuid: Uuid): Promise<PlannedHost> {
  const needs = await needsOf(deps, hostUuid);
  return {
    devices: await deps.store.listPciDevicesOf(hostUuid),
    needs,
    iommu: (await deps.store.getHostIommu(hostUuid)) ?? { state: 'Disabled', status: 'Inactive' },
  };
}

/** What a plan of attaching reads. */
export async function planInput(
  deps: IommuDeps,
  { device, vm }: Pick<Scene, 'device' | 'vm'>,
): Promise<Parameters<typeof planAttachment>[0]> {
  return { device, vm: plannedVm(vm), ...(await plannedHost(deps, device.hostUuid)) };
}

async function needsOf(deps: IommuDeps, hostUuid: Uuid): Promise<HostNeeds> {
  const known = deps.work.needs.get(hostUuid);
  if (known !== undefined) return known;
  await deps.connections.look(hostUuid);
  const needs = deps.work.needs.get(hostUuid);
  // Without it nothing says what the host would lose: then everything is refused, not allowed.
  if (needs === undefined)
    throw new IommuError(
      'host-disconnected',
      'it is not known what the host itself needs: reconnect the host and try again',
    );
  return needs;
}
