import { delay } from '../../base/clock.ts';
import type { Uuid } from '../../base/uuid.ts';
import { IommuError } from '../errors.ts';
import type { PciAssignment } from '../model.ts';
import { changeDevice, type Restored, restoreDrivers } from './commands.ts';
import type { IommuDeps, Report } from './deps.ts';
import { explainFailure } from './hints.ts';
import { lookAt } from './moving.ts';
import { isIn, presenceIn } from './presence.ts';
import { isGroupInUse } from './settle.ts';

/** A device that comes back from a VM. */
export interface Leaving {
  readonly pciDeviceUuid: Uuid;
  readonly address: string;
  readonly name: string;
  readonly previousDriver: string | undefined;
}

/** Guests that answer do so within seconds. */
const guestMs = 20_000;
const lookEveryMs = 2_000;

/** The intents of devices that are to leave a VM together: a group of their own, whoever else of their IOMMU group stays. */
export function leavingAssignments(leaving: readonly Leaving[], vmUuid: Uuid): readonly PciAssignment[] {
  return leaving.map(({ pciDeviceUuid, previousDriver }) => ({
    pciDeviceUuid,
    vmInstanceUuid: vmUuid,
    leaderUuid: leaving[0]?.pciDeviceUuid ?? pciDeviceUuid,
    phase: 'detaching',
    previousDriver,
  }));
}

/**
 * Takes devices out of a VM and gives them back to the drivers that they had; removes their assignments, which say `detaching` by now.
 * Rejects with `command-failed`, `data.left` naming what is not back: those assignments stay and are settled at later looks.
 */
export async function takeOut(
  deps: IommuDeps,
  hostUuid: Uuid,
  vmUuid: Uuid,
  leaving: readonly Leaving[],
  report: Report,
): Promise<void> {
  const failures = await unplug(deps, hostUuid, vmUuid, leaving, report);
  const left = await waitForGuest(deps, hostUuid, vmUuid, leaving);
  if (left.length > 0) throw stillThere(left, failures);
  if (await mustStay(deps, hostUuid, leaving)) {
    report('other devices of the IOMMU group are in a running VM: the drivers come back when those are out');
    return;
  }
  const restored = await deps.connections.use(hostUuid, (shell) => restoreDrivers(shell, leaving));
  await lookAt(deps, hostUuid);
  const stuck = leaving.filter((one) => !isBack(one, restored.get(one.address)));
  const back = leaving.filter((one) => !stuck.includes(one));
  await deps.store.savePci({
    assignments: back.map(({ pciDeviceUuid }) => ({ pciDeviceUuid, phase: undefined })),
  });
  for (const one of back) report(outcome(one, restored.get(one.address)));
  if (stuck.length === 0) return;
  throw new IommuError(
    'command-failed',
    `${names(stuck)} left the VM, but vfio-pci does not let go; Rackwright tries again at each look at the host, rebooting the host ends it for certain`,
    { data: { left: stuck.map((one) => one.address) } },
  );
}

/** True when a device may be left to the host: no longer held by vfio-pci, unless that was its driver before. */
export function isBack(
  { previousDriver }: { readonly previousDriver: string | undefined },
  restored: Restored | undefined,
): boolean {
  if (restored === undefined) return false;
  return restored === 'gone' || previousDriver === 'vfio-pci' || restored.driver !== 'vfio-pci';
}

async function mustStay(deps: IommuDeps, hostUuid: Uuid, leaving: readonly Leaving[]): Promise<boolean> {
  const devices = await deps.store.listPciDevicesOf(hostUuid);
  const vms = await deps.vmStore.listVmsOf(hostUuid);
  return devices
    .filter(({ uuid }) => leaving.some(({ pciDeviceUuid }) => pciDeviceUuid === uuid))
    .some((device) => isGroupInUse(device, devices, vms));
}

function outcome(one: Leaving, restored: Restored | undefined): string {
  if (restored === undefined || restored === 'gone')
    return `${one.name} (${one.address}) is not in the host any more`;
  const now = restored.driver;
  if (one.previousDriver === undefined || now === one.previousDriver)
    return `${one.name} (${one.address}) is back with ${now === undefined ? 'no driver' : `driver ${now}`}`;
  return `${one.name} (${one.address}) is back, but with ${now ?? 'no driver'} instead of ${one.previousDriver}: load that driver on the host`;
}

/** First out of the definition, so that the next start is without it whatever the guest does; then out of the running domain. */
async function unplug(
  deps: IommuDeps,
  hostUuid: Uuid,
  vmUuid: Uuid,
  leaving: readonly Leaving[],
  report: Report,
): Promise<readonly string[]> {
  const vm = await deps.vmStore.getVm(vmUuid);
  const failures: string[] = [];
  for (const { address, name } of leaving.toReversed()) {
    const is = presenceIn(vm, address);
    if (!isIn(is)) continue;
    report(`taking ${name} (${address}) out of the VM`);
    for (const where of [
      { live: false, config: is.config },
      { live: is.live, config: false },
    ]) {
      if (!isIn(where)) continue;
      const to = { libvirtUri: deps.libvirtUri, vmUuid, address, where };
      const result = await deps.connections.use(hostUuid, (shell) =>
        changeDevice(shell, 'detach-device', to),
      );
      if (result.exitCode !== 0) failures.push(`${address}: ${explainFailure(result.stderr, [])}`);
    }
  }
  return failures;
}

interface Left {
  readonly address: string;
  readonly name: string;
  readonly config: boolean;
}

async function waitForGuest(
  deps: IommuDeps,
  hostUuid: Uuid,
  vmUuid: Uuid,
  leaving: readonly Leaving[],
): Promise<readonly Left[]> {
  const until = deps.clock.now() + guestMs;
  for (;;) {
    await lookAt(deps, hostUuid);
    const vm = await deps.vmStore.getVm(vmUuid);
    const left = leaving.flatMap(({ address, name }) => {
      const is = presenceIn(vm, address);
      return isIn(is) ? [{ address, name, config: is.config }] : [];
    });
    // Nothing is left, or only what is in the definition still: that will not leave by waiting.
    if (left.every((one) => one.config) || deps.clock.now() >= until) return left;
    await delay(deps.clock, lookEveryMs);
  }
}

function stillThere(left: readonly Left[], failures: readonly string[]): IommuError {
  const said = failures.length === 0 ? '' : ` libvirt said: ${failures.join('; ')}.`;
  const inConfig = left.filter((one) => one.config);
  const text =
    inConfig.length > 0
      ? `${names(inConfig)} could not be taken out of the VM's definition; Rackwright tries again at each look at the host`
      : `the guest does not let go of ${names(left)}: it is out of the VM's definition, and it leaves the VM when the guest answers or when the VM stops; stop the VM to get it now`;
  return new IommuError('command-failed', `${text}.${said}`, {
    data: { left: left.map((one) => one.address) },
  });
}

function names(devices: readonly { readonly name: string; readonly address: string }[]): string {
  return devices.map(({ name, address }) => `${name} (${address})`).join(', ');
}
