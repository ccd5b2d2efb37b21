import { expect, it } from 'vitest';
import { planVfs } from '../../../src/iommu/plan/vfs.ts';
import { device, nic, noNeeds, vmUuid } from './devices.ts';

const port = (numVfs: number, row: Parameters<typeof device>[2] = {}): ReturnType<typeof device> =>
  device('0000:04:00.0', { iommuGroup: 4, sriov: { totalVfs: 8, numVfs } }, row);
const vf = device('0000:04:10.0', {
  iommuGroup: 40,
  physicalFunction: '0000:04:00.0',
  uses: { netInterfaces: ['eth4v0'], blockDevices: [], drm: [] },
});
const host = { devices: [vf], needs: noNeeds };

it('makes virtual functions up to the number that the device has, and takes them away', () => {
  expect(planVfs(port(0), 8, host)).toEqual({ changes: true, refusals: [] });
  expect(planVfs(port(8), 0, host)).toEqual({ changes: true, refusals: [] });
  expect(planVfs(port(4), 4, host)).toEqual({ changes: false, refusals: [] });
});

it.each([
  ['more than it has', port(0), 9, host, '0 to 8'],
  ['a broken number', port(0), 1.5, host, '0 to 8'],
  ['a device without SR-IOV', nic, 1, host, 'no SR-IOV'],
  ['a device that is not there', port(0, { status: 'Inactive' }), 1, host, 'reconnect'],
  ['a disabled one', port(0, { state: 'Disabled' }), 1, host, 'Disabled'],
  ['one that a VM has', port(0, { vmInstanceUuid: vmUuid }), 1, host, 'detach it first'],
  ['another number without going over 0', port(4), 6, host, 'only over 0'],
  [
    'a virtual function that a VM has',
    port(4),
    0,
    { ...host, devices: [{ ...vf, vmInstanceUuid: vmUuid }] },
    '0000:04:10.0',
  ],
  [
    'a virtual function that the host needs',
    port(4),
    0,
    { ...host, needs: { ...noNeeds, netInterfaces: [{ name: 'eth4v0', why: 'default route' }] } },
    'eth4v0 (default route)',
  ],
] as const)('refuses %s', (_what, asked, count, of, text) => {
  const plan = planVfs(asked, count, of);
  expect(plan.refusals).toHaveLength(1);
  expect(plan.refusals[0]).toContain(text);
});
