import { describe, expect, it } from 'vitest';
import type { HostNeeds, PciDevice } from '../../../src/iommu/model.ts';
import { candidatesFor, planAttachment } from '../../../src/iommu/plan/attachment.ts';
import {
  active,
  device,
  gpu,
  gpuSound,
  noNeeds,
  nic,
  nvme,
  otherHostUuid,
  otherVmUuid,
  rootPort,
  vm,
  vmUuid,
} from './devices.ts';

const all = [rootPort, gpu, gpuSound, nic, nvme];

function plan(
  asked: PciDevice,
  change: {
    devices?: readonly PciDevice[];
    needs?: Partial<HostNeeds>;
    vm?: Partial<Parameters<typeof planAttachment>[0]['vm']>;
    iommu?: Parameters<typeof planAttachment>[0]['iommu'];
  } = {},
): ReturnType<typeof planAttachment> {
  const devices = (change.devices ?? all).map((d) => (d.uuid === asked.uuid ? asked : d));
  return planAttachment({
    device: asked,
    vm: { ...vm, ...change.vm },
    devices,
    needs: { ...noNeeds, ...change.needs },
    iommu: change.iommu ?? active,
  });
}

const codes = (of: { refusals: readonly { code: string }[] }): string[] => of.refusals.map((r) => r.code);
const warnings = (of: { warnings: readonly { code: string }[] }): string[] => of.warnings.map((w) => w.code);

describe('a device and its group', () => {
  it('go together; the bridge of the group stays', () => {
    const planned = plan(gpuSound);
    expect(planned.refusals).toEqual([]);
    expect(planned.moves.map((m) => [m.pciDeviceAddress, m.driver])).toEqual([
      ['0000:01:00.0', 'nouveau'],
      ['0000:01:00.1', 'snd_hda_intel'],
    ]);
    expect(planned.driver).toBe('vfio-pci');
    expect(planned.warnings.find((w) => w.code === 'group')?.text).toContain(
      'NVIDIA Corporation_TU104 (0000:01:00.0) is in the same',
    );
  });

  it('leave out rows of devices that are not there any more', () => {
    const gone = device('0000:01:00.2', { iommuGroup: 1 }, { status: 'Inactive' });
    expect(plan(gpu, { devices: [...all, gone] }).moves).toHaveLength(2);
  });

  it('leave out the same group number of another host', () => {
    const foreign = device('0000:01:00.3', { iommuGroup: 1 }, { hostUuid: otherHostUuid });
    expect(plan(gpu, { devices: [...all, foreign] }).moves).toHaveLength(2);
  });

  it('are refused when a mate is, and the text names the mate', () => {
    const disabled = { ...gpuSound, state: 'Disabled' as const };
    const planned = plan(gpu, { devices: [rootPort, gpu, disabled] });
    expect(codes(planned)).toEqual(['disabled']);
    expect(planned.refusals[0]?.text).toContain(
      '(0000:01:00.1) is in the same IOMMU group and cannot go along',
    );
  });

  it('are refused when a chipset function with a driver is in the group: the kernel would refuse it', () => {
    const isa = device('0000:00:1f.0', { classCode: '060100', iommuGroup: 9, driver: 'lpc_ich' });
    const smbus = device('0000:00:1f.4', { classCode: '0c0500', iommuGroup: 9 });
    expect(codes(plan(smbus, { devices: [isa, smbus] }))).toEqual(['bridge']);
    const idle = device('0000:00:1f.0', { classCode: '060000', iommuGroup: 9 });
    expect(codes(plan(smbus, { devices: [idle, smbus] }))).toEqual([]);
  });
});

describe('refusals', () => {
  it.each([
    ['boot-disk', nvme, { disks: [{ device: '/dev/nvme0n1', mountPoint: '/' }] }, 'nvme0n1 (/)'],
    ['mounted-disk', nvme, { disks: [{ device: 'nvme0n1', mountPoint: '/srv/images' }] }, '/srv/images'],
    [
      'management-nic',
      nic,
      { netInterfaces: [{ name: 'eth0', why: 'default route over br0' }] },
      'eth0 (default route over br0)',
    ],
    [
      'host-console',
      { ...gpu, facts: { ...gpu.facts, bootVga: true } },
      { consoleOnVga: true },
      'only screen',
    ],
  ] as const)('%s says what the host would lose', (code, asked, needs, text) => {
    const planned = plan(asked, { needs });
    expect(codes(planned)).toEqual([code]);
    expect(planned.refusals[0]?.text).toContain(text);
  });

  it('the console may go when another screen stays, with a warning', () => {
    const first = { ...gpu, facts: { ...gpu.facts, bootVga: true } };
    const second = device('0000:05:00.0', { classCode: '030000', iommuGroup: 5 });
    const planned = plan(first, { devices: [...all, second], needs: { consoleOnVga: true } });
    expect(codes(planned)).toEqual([]);
    expect(warnings(planned)).toContain('loses-console');
    const given = { ...second, vmInstanceUuid: otherVmUuid };
    expect(codes(plan(first, { devices: [...all, given], needs: { consoleOnVga: true } }))).toEqual([
      'host-console',
    ]);
  });

  it.each([
    ['bridge', rootPort, {}],
    ['disabled', { ...nic, state: 'Disabled' as const }, {}],
    ['inactive', { ...nic, status: 'Inactive' as const }, {}],
    ['attached-elsewhere', { ...nic, status: 'Attached' as const, vmInstanceUuid: otherVmUuid }, {}],
    ['no-group', { ...nic, facts: { ...nic.facts, iommuGroup: undefined } }, {}],
    ['has-vfs', { ...nic, facts: { ...nic.facts, sriov: { totalVfs: 8, numVfs: 2 } } }, {}],
    ['other-host', nic, { hostUuid: otherHostUuid }],
    ['vm-state', nic, { state: 'Paused' }],
  ] as const)('%s', (code, asked, vmChange) => {
    expect(codes(plan(asked, { vm: vmChange }))).toEqual([code]);
  });

  it('of the IOMMU say what to do', () => {
    const text = (iommu: Parameters<typeof planAttachment>[0]['iommu']): string =>
      plan(nic, { iommu }).refusals[0]?.text ?? '';
    expect(text({ state: 'Disabled', status: 'Active' })).toContain('UpdateHostIommuState');
    expect(text({ state: 'Enabled', status: 'Inactive', rebootPending: true })).toContain('reboot the host');
    expect(text({ state: 'Enabled', status: 'Inactive', details: 'no IOMMU in this machine' })).toContain(
      'no IOMMU in this machine',
    );
  });

  it('a device that the VM has already is none', () => {
    expect(codes(plan({ ...nic, status: 'Attached', vmInstanceUuid: vmUuid }))).toEqual([]);
  });
});

describe('warnings', () => {
  it('a device without reset may not come back', () => {
    expect(warnings(plan(device('0000:06:00.0', { iommuGroup: 6, resetMethods: [] })))).toEqual(['no-reset']);
  });

  it('a bus reset hits functions of other groups behind the same bridge', () => {
    const parts = [0, 1].map((f) =>
      device(`0000:07:00.${f}`, { iommuGroup: 70 + f, resetMethods: ['bus'], parents: ['0000:00:07.0'] }),
    );
    const [first] = parts;
    const planned = plan(first ?? nic, { devices: parts });
    expect(warnings(planned)).toEqual(['bus-reset']);
    expect(planned.warnings[0]?.text).toContain('0000:07:00.1');
    // The GPU has only the bus reset as well, but everything behind its bridge goes along.
    expect(warnings(plan(gpu))).not.toContain('bus-reset');
  });

  it('NUMA distance, and what the host loses', () => {
    expect(warnings(plan(gpu, { vm: { numaNodes: [0] } }))).toEqual(['group', 'numa', 'driver-busy']);
    expect(warnings(plan(gpu, { vm: { numaNodes: [0, 1] } }))).toEqual(['group', 'driver-busy']);
    expect(plan(nic).warnings).toEqual([
      {
        code: 'loses-interface',
        text: 'the host loses its network interface eth0 of Intel Corporation_82599 (0000:02:00.0)',
      },
    ]);
    expect(warnings(plan(nvme))).toEqual(['loses-disk']);
  });
});

describe('candidates', () => {
  it('are the devices that could go now', () => {
    const host = {
      devices: all,
      needs: { ...noNeeds, netInterfaces: [{ name: 'eth0', why: 'management address' }] },
      iommu: active,
    };
    expect(candidatesFor(vm, host).map((d) => d.pciDeviceAddress)).toEqual([
      '0000:01:00.0',
      '0000:01:00.1',
      '0000:03:00.0',
    ]);
    expect(candidatesFor(vm, { ...host, iommu: { state: 'Enabled', status: 'Inactive' } })).toEqual([]);
  });
});
