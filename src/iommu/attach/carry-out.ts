import { messageOf } from '../../base/errors.ts';
import type { Uuid } from '../../base/uuid.ts';
import { changeDevice, restoreDrivers } from './commands.ts';
import type { IommuDeps } from './deps.ts';
import { explainFailure } from './hints.ts';
import { isIn } from './presence.ts';
import type { Settlement } from './settle.ts';
import { isBack } from './take-out.ts';

/** Does on the host what settling found necessary. Failures are told in the log and leave the intent as it is, for the next look. */
export type CarryOut = (hostUuid: Uuid, settlement: Settlement) => Promise<void>;

/** A guest that was booting may answer later; asking at each look would only bother it. */
const askAgainMs = 60_000;

/** Remembers in memory when guests were asked to let go. */
export function createCarryOut(deps: IommuDeps): CarryOut {
  const asked = new Map<Uuid, number>();

  return async (hostUuid, { takeOut, restore }) => {
    try {
      let changed = false;
      for (const one of takeOut) changed = (await unplug(hostUuid, one)) || changed;
      if (restore.length > 0) changed = (await giveBack(hostUuid, restore)) || changed;
      // This runs inside a look, so the next one must not be waited for.
      if (changed) void deps.connections.look(hostUuid).catch(() => undefined);
    } catch (error) {
      deps.log.warn({ hostUuid, error: messageOf(error) }, 'PCI devices of a host could not be settled');
    }
  };

  async function unplug(
    hostUuid: Uuid,
    { device, vm, from }: Settlement['takeOut'][number],
  ): Promise<boolean> {
    const before = asked.get(device.uuid);
    const now = deps.clock.now();
    if (before !== undefined && now - before < askAgainMs) return false;
    asked.set(device.uuid, now);
    const wheres = [
      { live: false, config: from.config },
      { live: from.live, config: false },
    ].filter(isIn);
    for (const where of wheres) {
      const to = { libvirtUri: deps.libvirtUri, vmUuid: vm.uuid, address: device.pciDeviceAddress, where };
      const result = await deps.connections.use(hostUuid, (shell) =>
        changeDevice(shell, 'detach-device', to),
      );
      if (result.exitCode !== 0)
        deps.log.warn(
          { hostUuid, address: device.pciDeviceAddress, said: explainFailure(result.stderr, []) },
          'a PCI device could not be taken out of a VM',
        );
    }
    return true;
  }

  async function giveBack(hostUuid: Uuid, restore: Settlement['restore']): Promise<boolean> {
    const restored = await deps.connections.use(hostUuid, (shell) =>
      restoreDrivers(
        shell,
        restore.map(({ device, previousDriver }) => ({ address: device.pciDeviceAddress, previousDriver })),
      ),
    );
    const back = restore.filter((one) => isBack(one, restored.get(one.device.pciDeviceAddress)));
    for (const { device } of back) asked.delete(device.uuid);
    await deps.store.savePci({
      assignments: back.map(({ device }) => ({ pciDeviceUuid: device.uuid, phase: undefined })),
    });
    return back.length > 0;
  }
}
