import { messageOf } from '../../base/errors.ts';
import { IommuError } from '../errors.ts';
import type { PciDevice } from '../model.ts';
import { planAttachment } from '../plan/attachment.ts';
import type { AttachmentPlan } from '../service.ts';
import { bindVfio, changeDevice, type Presence } from './commands.ts';
import type { IommuDeps, Report } from './deps.ts';
import { explainFailure } from './hints.ts';
import { lookAt, moving, type Scene, vmOf } from './moving.ts';
import { planInput } from './plan-input.ts';
import { isIn, isWholly, presenceIn, wishedPresence } from './presence.ts';
import { type Leaving, leavingAssignments, takeOut } from './take-out.ts';

/** Gives a device and the endpoints of its IOMMU group to a VM, all or none; done already is a success. */
export async function attachPciDevice(
  deps: IommuDeps,
  pciUuid: string,
  vmUuid: string,
  report: Report,
): Promise<void> {
  await moving(deps, { pciUuid, vmUuid }, async (scene) => {
    const { device, vm } = scene;
    const plan = planAttachment(await planInput(deps, scene));
    refuse(plan);
    const missing = missingOf(plan, scene);
    if (missing.length === 0) return;
    for (const warning of plan.warnings) report(`note: ${warning.text}`);
    const leaving = missing.map((one) => leavingOf(one, scene));
    const assigned = leavingAssignments(leaving, vm.uuid);
    await deps.store.savePci({ assignments: assigned.map((a) => ({ ...a, phase: 'attaching' })) });
    try {
      await plug(deps, scene, missing, plan, report);
      await verify(deps, scene, missing);
    } catch (error) {
      throw await takenBack(deps, scene, leaving, error, report);
    }
    await deps.store.savePci({ assignments: assigned.map((a) => ({ ...a, phase: 'attached' })) });
    report(`${device.name} (${device.pciDeviceAddress}) is in the VM`);
  });
}

function refuse(plan: AttachmentPlan): void {
  if (plan.refusals.length === 0) return;
  throw new IommuError(
    plan.refusals.every(({ code }) => code === 'iommu-inactive') ? 'iommu-inactive' : 'refused',
    plan.refusals.map(({ text }) => text).join('; '),
    { data: { refusals: plan.refusals.map(({ code }) => code) } },
  );
}

function missingOf(plan: AttachmentPlan, { vm, devices }: Scene): readonly PciDevice[] {
  return plan.moves.flatMap(
    ({ pciDeviceUuid }) => devices.find((d) => d.uuid === pciDeviceUuid && !isWholly(vm, d)) ?? [],
  );
}

/** An earlier intent knows the host's driver better than the host, which may have the device on vfio-pci still. */
function leavingOf(device: PciDevice, { assignments }: Scene): Leaving {
  const earlier = assignments.find((a) => a.pciDeviceUuid === device.uuid);
  return {
    pciDeviceUuid: device.uuid,
    address: device.pciDeviceAddress,
    name: device.name,
    previousDriver: earlier === undefined ? device.facts?.driver : earlier.previousDriver,
  };
}

async function plug(
  deps: IommuDeps,
  { vm, device: { hostUuid } }: Scene,
  missing: readonly PciDevice[],
  plan: AttachmentPlan,
  report: Report,
): Promise<void> {
  const mates = plan.moves.map((move) => `${move.name} (${move.pciDeviceAddress})`);
  const wished = wishedPresence(vm);
  if (wished.live) {
    const together = plan.moves.length > 1 ? missing.map((d) => d.pciDeviceAddress) : [];
    if (together.length > 0) report(`binding ${together.join(', ')} to vfio-pci`);
    const bound = await deps.connections.use(hostUuid, (shell) => bindVfio(shell, together));
    if (bound.exitCode !== 0) throw failed('vfio-pci could not take the devices', bound.stderr, mates);
  }
  for (const { pciDeviceAddress: address, name } of missing) {
    const is = presenceIn(vm, address);
    const where: Presence = { live: wished.live && !is.live, config: wished.config && !is.config };
    if (!isIn(where)) continue;
    report(`giving ${name} (${address}) to the VM`);
    const to = { libvirtUri: deps.libvirtUri, vmUuid: vm.uuid, address, where };
    const result = await deps.connections.use(hostUuid, (shell) => changeDevice(shell, 'attach-device', to));
    if (result.exitCode !== 0)
      throw failed(`libvirt did not attach ${name} (${address})`, result.stderr, mates);
  }
}

function failed(what: string, output: string, mates: readonly string[]): IommuError {
  return new IommuError('command-failed', `${what}: ${explainFailure(output, mates)}`);
}

/** Looks again: what libvirt said it did must be so on the host. */
async function verify(
  deps: IommuDeps,
  { vm: before, device: { hostUuid } }: Scene,
  missing: readonly PciDevice[],
): Promise<void> {
  await lookAt(deps, hostUuid);
  const vm = await vmOf(deps, before.uuid);
  for (const { uuid, name } of missing) {
    const device = await deps.store.getPciDevice(uuid);
    if (device !== undefined && isWholly(vm, device)) continue;
    const is = presenceIn(vm, device?.pciDeviceAddress ?? '');
    const driver = device?.facts?.driver ?? 'no driver';
    throw new IommuError(
      'command-failed',
      `libvirt said that ${name} was attached, but the host shows it with ${driver}, ${is.live ? '' : 'not '}in the running VM and ${is.config ? '' : 'not '}in its definition; see libvirt's log on the host`,
    );
  }
}

/** Undoes what was begun; gives the error to throw: what went wrong, and what could not be undone. */
async function takenBack(
  deps: IommuDeps,
  { device, vm }: Scene,
  leaving: readonly Leaving[],
  cause: unknown,
  report: Report,
): Promise<IommuError> {
  report(`that failed; taking back what was done: ${messageOf(cause)}`);
  const code = cause instanceof IommuError ? cause.code : 'command-failed';
  try {
    await deps.store.savePci({ assignments: leavingAssignments(leaving, vm.uuid) });
    await lookAt(deps, device.hostUuid);
    await takeOut(deps, device.hostUuid, vm.uuid, leaving, report);
  } catch (error) {
    return new IommuError(
      code,
      `${messageOf(cause)}. Not all could be undone: ${messageOf(error)}. Rackwright settles the rest when it looks at the host again`,
      { cause, data: { left: leaving.map(({ address }) => address) } },
    );
  }
  return new IommuError(code, `${messageOf(cause)}. What had been done was undone`, { cause });
}
