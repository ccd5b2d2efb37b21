import { expect, it } from 'vitest';
import type { PciAssignment } from '../../../src/iommu/model.ts';
import { planDetachment } from '../../../src/iommu/plan/detachment.ts';
import { gpu, gpuSound, nic, otherVmUuid, rootPort, vm, vmUuid } from './devices.ts';

const given = [gpu, gpuSound].map((d) => ({ ...d, status: 'Attached' as const, vmInstanceUuid: vmUuid }));
const [card, sound] = given;
const assignments: readonly PciAssignment[] = given.map((d) => ({
  pciDeviceUuid: d.uuid,
  vmInstanceUuid: vmUuid,
  leaderUuid: gpu.uuid,
  phase: 'attached',
  previousDriver: d.facts.driver,
}));
const devices = [rootPort, ...given, nic];

it('brings back all that went along, with the drivers that they had', () => {
  for (const device of [card ?? nic, sound ?? nic]) {
    const plan = planDetachment({ device, vm, devices, assignments });
    expect(plan.refusals).toEqual([]);
    expect(plan.moves.map((m) => [m.pciDeviceAddress, m.driver])).toEqual([
      ['0000:01:00.0', 'nouveau'],
      ['0000:01:00.1', 'snd_hda_intel'],
    ]);
  }
});

it('goes by the assignment, not by the group: the mate comes back when the group is another now', () => {
  const moved = { ...gpuSound, vmInstanceUuid: vmUuid, facts: { ...gpuSound.facts, iommuGroup: 40 } };
  const plan = planDetachment({
    device: card ?? nic,
    vm,
    devices: [rootPort, card ?? nic, moved],
    assignments,
  });
  expect(plan.moves).toHaveLength(2);
});

it('takes back a device that was pulled out of the machine', () => {
  const gone = { ...(card ?? nic), status: 'Inactive' as const, facts: undefined };
  expect(planDetachment({ device: gone, vm, devices, assignments }).moves).toHaveLength(2);
});

it('has nothing to do for a free device, and refuses one of another VM', () => {
  const free = planDetachment({ device: nic, vm, devices, assignments });
  expect([free.moves, free.refusals]).toEqual([[], []]);
  const foreign = { ...nic, vmInstanceUuid: otherVmUuid };
  expect(planDetachment({ device: foreign, vm, devices, assignments }).refusals[0]).toMatchObject({
    code: 'attached-elsewhere',
    text: expect.stringContaining(otherVmUuid),
  });
});

it('refuses while the VM is neither Running nor Stopped', () => {
  const plan = planDetachment({ device: card ?? nic, vm: { ...vm, state: 'Paused' }, devices, assignments });
  expect(plan.refusals.map((r) => r.code)).toEqual(['vm-state']);
});
