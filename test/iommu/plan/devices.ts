import type { Uuid } from '../../../src/base/uuid.ts';
import type { HostNeeds, PciDevice, PciFacts } from '../../../src/iommu/model.ts';

export const hostUuid = '11111111111141118111111111111111' as Uuid;
export const otherHostUuid = '22222222222242228222222222222222' as Uuid;
export const vmUuid = '33333333333343338333333333333333' as Uuid;
export const otherVmUuid = '44444444444444448444444444444444' as Uuid;
export const vm = { uuid: vmUuid, state: 'Running', hostUuid };
export const active = { state: 'Enabled', status: 'Active' } as const;
export const noNeeds: HostNeeds = { disks: [], netInterfaces: [], consoleOnVga: false };

/** A device of the test host: an Enabled, free NIC in a group of its own behind one root port, unless said otherwise. */
export function device(
  address: string,
  facts: Partial<PciFacts> = {},
  row: Partial<PciDevice> = {},
): PciDevice & { readonly facts: PciFacts } {
  const { uses, ...others } = facts;
  return {
    uuid: uuidOf(address),
    hostUuid,
    vmInstanceUuid: undefined,
    name: `Device ${address}`,
    description: undefined,
    status: 'Active',
    state: 'Enabled',
    type: 'Generic',
    kind: facts.classCode?.startsWith('0604') === true ? 'bridge' : 'ethernet',
    identity: address,
    pciDeviceAddress: address,
    vendorId: '8086',
    deviceId: '10d3',
    subvendorId: undefined,
    subdeviceId: undefined,
    metaData: undefined,
    createDate: 0,
    lastOpDate: 0,
    ...row,
    facts: {
      address,
      classCode: '020000',
      vendorId: '8086',
      deviceId: '10d3',
      subvendorId: undefined,
      subdeviceId: undefined,
      revision: undefined,
      className: undefined,
      vendorName: undefined,
      deviceName: undefined,
      subdeviceName: undefined,
      driver: undefined,
      modules: [],
      iommuGroup: undefined,
      numaNode: undefined,
      resetMethods: ['flr'],
      bootVga: false,
      sriov: undefined,
      physicalFunction: undefined,
      parents: [],
      slotPath: address,
      serial: undefined,
      uses: uses ?? { netInterfaces: [], blockDevices: [], drm: [] },
      ...others,
    },
  };
}

/** The same address is the same device. */
function uuidOf(address: string): Uuid {
  const digits = Array.from(address, (char) => char.charCodeAt(0).toString(16)).join('');
  return digits.slice(-32).padStart(32, 'a') as Uuid;
}

export const rootPort = device('0000:00:01.0', { classCode: '060400', driver: 'pcieport', iommuGroup: 1 });
export const gpu = device(
  '0000:01:00.0',
  {
    classCode: '030000',
    iommuGroup: 1,
    driver: 'nouveau',
    parents: ['0000:00:01.0'],
    resetMethods: ['bus'],
    numaNode: 1,
    uses: { netInterfaces: [], blockDevices: [], drm: ['card1'] },
  },
  { name: 'NVIDIA Corporation_TU104', type: 'GPU_Video_Controller', kind: 'gpu-video' },
);
export const gpuSound = device(
  '0000:01:00.1',
  { classCode: '040300', iommuGroup: 1, driver: 'snd_hda_intel', parents: ['0000:00:01.0'] },
  { name: 'NVIDIA Corporation_TU104 HD Audio', type: 'GPU_Audio_Controller', kind: 'gpu-audio' },
);
export const nic = device(
  '0000:02:00.0',
  {
    iommuGroup: 2,
    driver: 'ixgbe',
    parents: ['0000:00:02.0'],
    uses: { netInterfaces: ['eth0'], blockDevices: [], drm: [] },
  },
  { name: 'Intel Corporation_82599' },
);
export const nvme = device(
  '0000:03:00.0',
  {
    classCode: '010802',
    iommuGroup: 3,
    driver: 'nvme',
    uses: { netInterfaces: [], blockDevices: ['nvme0n1'], drm: [] },
  },
  { name: 'Samsung_PM983', kind: 'nvme' },
);
