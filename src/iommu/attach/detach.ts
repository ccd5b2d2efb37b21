import { IommuError } from '../errors.ts';
import { planDetachment } from '../plan/detachment.ts';
import type { IommuDeps, Report } from './deps.ts';
import { moving } from './moving.ts';
import { plannedVm } from './plan-input.ts';
import { leavingAssignments, takeOut } from './take-out.ts';

/** Takes a device and what went along back from a VM and restores the host's drivers; done already is a success. */
export async function detachPciDevice(
  deps: IommuDeps,
  pciUuid: string,
  vmUuid: string,
  report: Report,
): Promise<void> {
  await moving(deps, { pciUuid, vmUuid }, async ({ device, vm, devices, assignments }) => {
    const plan = planDetachment({ device, vm: plannedVm(vm), devices, assignments });
    if (plan.refusals.length > 0)
      throw new IommuError('refused', plan.refusals.map(({ text }) => text).join('; '), {
        data: { refusals: plan.refusals.map(({ code }) => code) },
      });
    if (plan.moves.length === 0) return;
    for (const warning of plan.warnings) report(`note: ${warning.text}`);
    const leaving = plan.moves.map((move) => ({
      pciDeviceUuid: move.pciDeviceUuid,
      address: move.pciDeviceAddress,
      name: move.name,
      previousDriver: move.driver,
    }));
    await deps.store.savePci({ assignments: leavingAssignments(leaving, vm.uuid) });
    await takeOut(deps, device.hostUuid, vm.uuid, leaving, report);
  });
}
