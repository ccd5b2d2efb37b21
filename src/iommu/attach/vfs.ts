import { IommuError } from '../errors.ts';
import { planVfs } from '../plan/vfs.ts';
import { writeVfs } from './commands.ts';
import type { IommuDeps } from './deps.ts';
import { explainFailure } from './hints.ts';
import { deviceOf, lookAt, onHost } from './moving.ts';
import { plannedHost } from './plan-input.ts';

/** Sets how many virtual functions a device has, 0 for none; as many as it has already is a success. SR-IOV 1.1 §3.3.7 */
export async function setVfs(deps: IommuDeps, pciUuid: string, count: number): Promise<void> {
  const { hostUuid } = await deviceOf(deps, pciUuid);
  await onHost(deps, hostUuid, async () => {
    const device = await deviceOf(deps, pciUuid);
    const plan = planVfs(device, count, await plannedHost(deps, hostUuid));
    if (plan.refusals.length > 0) throw new IommuError('refused', plan.refusals.join('; '));
    if (!plan.changes) return;
    const result = await deps.connections.use(hostUuid, (shell) =>
      writeVfs(shell, device.pciDeviceAddress, count),
    );
    await lookAt(deps, hostUuid);
    const now = (await deviceOf(deps, pciUuid)).facts?.sriov?.numVfs;
    if (now === count) return;
    throw new IommuError(
      'command-failed',
      `${device.name} (${device.pciDeviceAddress}) has ${now ?? 'no'} virtual functions instead of ${count}: ${explainFailure(result.stderr, [])}. Its driver decides how many it makes; see the kernel's log on the host`,
    );
  });
}
