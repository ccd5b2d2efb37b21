import type { Mac } from '../../src/base/mac.ts';
import type { Uuid } from '../../src/base/uuid.ts';
import type { PciDevice, PciDeviceOffering, PciFacts } from '../../src/iommu/model.ts';
import type {
  DomainDetails,
  Host,
  HostFacts,
  Image,
  InstanceOffering,
  StackTemplate,
  UsbDevice,
  VmInstance,
} from '../../src/kvm/model.ts';
import type { Store } from '../../src/store/index.ts';
import { uuid } from './records.ts';

export const hostCanary = 'host-canary-password';
const dates = { createDate: 1_700_000_000_000, lastOpDate: 1_700_000_001_000 };
const GiB = 1024 ** 3;

let counter = 0;
const next = (): number => (counter += 1);

export const hostFacts: HostFacts = {
  hostName: 'kvm1.example',
  osRelease: 'Debian GNU/Linux 12',
  kernelVersion: '6.1.0-18-amd64',
  architecture: 'x86_64',
  cpuModel: 'Test CPU',
  cpuSockets: 2,
  cpuNum: 8,
  memorySize: 16 * GiB,
  libvirtVersion: '9.0.0',
  qemuVersion: '7.2.9',
  hasKvm: true,
  systemUuid: undefined,
  bridges: ['br0', 'virbr0'],
  bootTime: 1_699_999_000_000,
};

/** A zone with a KVM cluster in it; answers the uuid of the cluster. */
export async function savePlace(store: Store, change: { readonly hypervisorType?: string } = {}) {
  const [zoneUuid, clusterUuid] = [uuid(), uuid()];
  const place = { description: undefined, state: 'Enabled', type: 'zstack', ...dates } as const;
  await store.platform.placement.saveZone({ uuid: zoneUuid, name: 'hall', ...place });
  const cluster = { uuid: clusterUuid, zoneUuid, name: 'row', hypervisorType: 'KVM', ...place, ...change };
  await store.platform.placement.saveCluster(cluster);
  return { zoneUuid, clusterUuid };
}

export function host(clusterUuid: Uuid, change: Partial<Host> = {}): Host {
  return {
    uuid: uuid(),
    clusterUuid,
    name: 'kvm 1',
    description: 'left rack',
    connection: 'ssh',
    managementIp: `192.0.2.${next()}`,
    sshPort: 22,
    username: 'root',
    password: hostCanary,
    hostKey: 'SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
    hypervisorType: 'KVM',
    state: 'Enabled',
    status: 'Connected',
    statusCause: undefined,
    facts: hostFacts,
    ...dates,
    ...change,
  };
}

export const domain: DomainDetails = {
  domainName: 'web',
  persistent: true,
  ours: true,
  disks: [
    { device: 'cdrom', target: 'sda', source: undefined, format: 'raw' },
    { device: 'disk', target: 'vda', source: '/var/lib/images/web.qcow2', format: 'qcow2' },
    { device: 'disk', target: 'vdb', source: '/var/lib/images/data.raw', format: 'raw' },
  ],
  pciAddresses: { config: ['0000:06:00.0'], live: [] },
  usbDevices: [{ vendorId: '0951', productId: '1666' }],
  redirections: [{ kind: 'unix', path: '/run/web.sock' }],
  configuredRedirections: 1,
  graphics: [{ kind: 'vnc', listen: '127.0.0.1', port: 5900, tlsPort: undefined, socket: undefined }],
  serial: { kind: 'pty', source: '/dev/pts/1' },
  emulator: '/usr/bin/qemu-system-x86_64',
  virtualization: 'kvm',
};

export function vm(on: Pick<Host, 'uuid' | 'clusterUuid'>, change: Partial<VmInstance> = {}): VmInstance {
  return {
    uuid: uuid(),
    name: 'web',
    description: 'web server',
    hostUuid: on.uuid,
    lastHostUuid: on.uuid,
    clusterUuid: on.clusterUuid,
    zoneUuid: undefined,
    instanceOfferingUuid: undefined,
    imageUuid: undefined,
    isoUuid: undefined,
    platform: 'Linux',
    type: 'UserVm',
    hypervisorType: 'KVM',
    memorySize: 2 * GiB,
    cpuNum: 2,
    allocatorStrategy: undefined,
    state: 'Running',
    nics: [
      {
        uuid: uuid(),
        mac: '52:54:00:00:00:02' as Mac,
        bridge: 'br0',
        l3NetworkUuid: 'c'.repeat(32) as Uuid,
        deviceId: 0,
      },
      {
        uuid: uuid(),
        mac: '52:54:00:00:00:01' as Mac,
        bridge: undefined,
        l3NetworkUuid: undefined,
        deviceId: 1,
      },
    ],
    domain,
    ...dates,
    ...change,
  };
}

export function pciFacts(change: Partial<PciFacts> = {}): PciFacts {
  return {
    address: '0000:06:00.0',
    classCode: '030000',
    vendorId: '10de',
    deviceId: '0e0f',
    subvendorId: '10de',
    subdeviceId: '118b',
    revision: 'a1',
    className: 'VGA compatible controller',
    vendorName: 'NVIDIA Corporation',
    deviceName: 'GK107',
    subdeviceName: undefined,
    driver: 'nouveau',
    modules: ['nouveau'],
    iommuGroup: 14,
    numaNode: 0,
    resetMethods: ['flr'],
    bootVga: false,
    sriov: { totalVfs: 8, numVfs: 2 },
    physicalFunction: undefined,
    parents: ['0000:00:01.0'],
    slotPath: '1.0/0.0',
    serial: undefined,
    uses: { netInterfaces: [], blockDevices: [], drm: ['card0'] },
    ...change,
  };
}

export function pciDevice(hostUuid: Uuid, change: Partial<PciDevice> = {}): PciDevice {
  return {
    uuid: uuid(),
    hostUuid,
    vmInstanceUuid: undefined,
    name: 'NVIDIA_GK107',
    description: undefined,
    status: 'Active',
    state: 'Enabled',
    type: 'GPU_Video_Controller',
    kind: 'gpu-video',
    identity: `slot ${next()}`,
    pciDeviceAddress: '0000:06:00.0',
    vendorId: '10de',
    deviceId: '0e0f',
    subvendorId: '10de',
    subdeviceId: '118b',
    metaData: undefined,
    facts: pciFacts(),
    ...dates,
    ...change,
  };
}

export function pciOffering(change: Partial<PciDeviceOffering> = {}): PciDeviceOffering {
  return {
    uuid: uuid(),
    name: 'gpu',
    description: undefined,
    type: 'GPU_Video',
    vendorId: '10de',
    deviceId: '0e0f',
    subvendorId: undefined,
    subdeviceId: undefined,
    ...dates,
    ...change,
  };
}

export function usbDevice(hostUuid: Uuid, change: Partial<UsbDevice> = {}): UsbDevice {
  return {
    uuid: uuid(),
    hostUuid,
    name: 'Kingston DataTraveler',
    portPath: '1-4.2',
    serial: '0123',
    vendorId: '0951',
    productId: '1666',
    manufacturer: 'Kingston',
    product: 'DataTraveler',
    usbVersion: '2.10',
    deviceClass: '00',
    busNum: 1,
    devNum: 7,
    state: 'Enabled',
    status: 'Present',
    vmInstanceUuid: undefined,
    ...dates,
    ...change,
  };
}

export function instanceOffering(change: Partial<InstanceOffering> = {}): InstanceOffering {
  return {
    uuid: uuid(),
    name: 'small',
    description: 'for tests',
    cpuNum: 1,
    cpuSpeed: undefined,
    memorySize: GiB,
    type: 'UserVm',
    allocatorStrategy: 'LeastVmPreferredHostAllocatorStrategy',
    sortKey: 0,
    state: 'Enabled',
    ...dates,
    ...change,
  };
}

export function image(change: Partial<Image> = {}): Image {
  return {
    uuid: uuid(),
    name: 'debian',
    description: 'twelve',
    url: 'file:///var/lib/images/debian.qcow2',
    mediaType: 'RootVolumeTemplate',
    format: 'qcow2',
    platform: 'Linux',
    guestOsType: 'Debian',
    type: 'zstack',
    system: false,
    state: 'Enabled',
    status: 'Ready',
    size: 10 * GiB,
    actualSize: GiB,
    md5Sum: undefined,
    ...dates,
    ...change,
  };
}

export function stackTemplate(change: Partial<StackTemplate> = {}): StackTemplate {
  return {
    uuid: uuid(),
    name: 'two servers',
    description: 'of the test',
    type: 'zstack',
    version: '2018-06-18',
    state: true,
    content: '{"ZStackTemplateFormatVersion":"2018-06-18"}',
    md5sum: 'd41d8cd98f00b204e9800998ecf8427e',
    ...dates,
    ...change,
  };
}
