import { messageOf } from '../../base/errors.ts';
import type { Uuid } from '../../base/uuid.ts';
import type { VmInstance } from '../../kvm/index.ts';
import type { PciEvent } from '../discovery/events.ts';
import type { PciAssignment, PciDevice } from '../model.ts';
import { changeDevice } from './commands.ts';
import type { IommuDeps } from './deps.ts';
import { explainFailure } from './hints.ts';

/** A device that was given to a VM and has another address now. */
export interface Move {
  readonly device: PciDevice;
  readonly from: string;
  readonly vmUuid: Uuid;
}

/** The moves of devices that belong to VMs. */
export function movesOf(events: readonly PciEvent[], assignments: readonly PciAssignment[]): readonly Move[] {
  return events.flatMap((event) => {
    if (event.kind !== 'moved') return [];
    const { device, from } = event;
    const given = assignments.find((a) => a.pciDeviceUuid === device.uuid && a.phase === 'attached');
    return given === undefined ? [] : [{ device, from, vmUuid: given.vmInstanceUuid }];
  });
}

/** The addresses of a VM's definition after its devices moved; the same list when none of them is in it. */
export function followed(config: readonly string[], moves: readonly Move[]): readonly string[] {
  const mine = moves.filter(({ from }) => config.includes(from));
  if (mine.length === 0) return config;
  const stays = config.filter((address) => !mine.some(({ from }) => from === address));
  return [...new Set([...stays, ...mine.map(({ device }) => device.pciDeviceAddress)])];
}

/**
 * Writes new addresses into the definitions of VMs whose devices moved (a card added, a firmware setting): else their next start would
 * take whatever has the old address now. Answers the VMs as they are then; a failure is told in the log and leaves its VM as it was.
 */
export async function followMoves(
  deps: IommuDeps,
  hostUuid: Uuid,
  vms: readonly VmInstance[],
  moves: readonly Move[],
): Promise<readonly VmInstance[]> {
  if (moves.length === 0) return vms;
  const result: VmInstance[] = [];
  for (const vm of vms) {
    const { domain } = vm;
    const before = domain?.pciAddresses.config ?? [];
    const after = followed(
      before,
      moves.filter(({ vmUuid }) => vmUuid === vm.uuid),
    );
    const done =
      domain !== undefined && after !== before && (await rewrite(deps, hostUuid, vm.uuid, before, after));
    const pciAddresses = { config: after, live: domain?.pciAddresses.live ?? [] };
    result.push(done ? { ...vm, domain: { ...domain, pciAddresses } } : vm);
  }
  return result;
}

async function rewrite(
  deps: IommuDeps,
  hostUuid: Uuid,
  vmUuid: Uuid,
  before: readonly string[],
  after: readonly string[],
): Promise<boolean> {
  const steps = [
    ...before.filter((a) => !after.includes(a)).map((address) => ['detach-device', address] as const),
    ...after.filter((a) => !before.includes(a)).map((address) => ['attach-device', address] as const),
  ];
  try {
    for (const [verb, address] of steps) {
      const to = { libvirtUri: deps.libvirtUri, vmUuid, address, where: { live: false, config: true } };
      const { exitCode, stderr } = await deps.connections.use(hostUuid, (shell) =>
        changeDevice(shell, verb, to),
      );
      if (exitCode !== 0) throw new Error(explainFailure(stderr, []));
    }
    return true;
  } catch (error) {
    deps.log.warn(
      { hostUuid, vmUuid, error: messageOf(error) },
      'a definition could not follow a PCI device',
    );
    return false;
  }
}
