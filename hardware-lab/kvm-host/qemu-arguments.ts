/** IOMMU of the host's board. */
export const iommuKinds = ['intel', 'amd'] as const;
export type IommuKind = (typeof iommuKinds)[number];

/** The management NIC; image/files/ puts the NIC with this address into the bridge. */
const managementMac = '52:54:00:4b:56:01';
/** The address that image/files/ gives to the bridge. */
const insideAddress = '10.0.2.9';

/** QEMU ids of what a test may pull out and put back, with the arguments of `device_add` that put it there. */
export const removable = {
  /** An Intel 82574L alone behind its root port, and so alone in its IOMMU group. */
  nic: { driver: 'e1000e', id: 'nic', bus: 'port-nic', mac: '52:54:00:4b:56:02', romfile: '' },
  /** A USB stick with a serial number. */
  stick: {
    driver: 'usb-storage',
    id: 'stick',
    bus: 'usb.0',
    port: '1',
    drive: 'stick',
    serial: 'RWSTICK0001',
  },
} as const;

/** What one start of a host needs from outside. Paths of this machine. */
export interface HostStart {
  readonly name: string;
  readonly iommu: IommuKind;
  readonly uuid: string;
  /** qcow2 over the image; survives a power cut. */
  readonly overlay: string;
  /** Raw, not mounted by the host. */
  readonly dataDisk: string;
  /** Raw, what is on the USB stick. */
  readonly stick: string;
  readonly serialLog: string;
  readonly monitor: string;
  /** On 127.0.0.1, leads to the host's port 22; 0 takes a free one. */
  readonly sshPort: number;
}

function deviceArgument(device: Readonly<Record<string, string>>): string {
  const { driver = '', ...rest } = device;
  return [driver, ...Object.entries(rest).map(([key, value]) => `${key}=${value}`)].join(',');
}

/**
 * A server board with an IOMMU, emulated: a management NIC, a root disk and a data disk, a NIC alone in its group, two NICs that
 * share a group with their bridge, a sound device, a USB controller with a stick, and an empty slot (`port-empty`).
 */
export function hostArguments(start: HostStart): readonly string[] {
  const intel = start.iommu === 'intel';
  const port = (id: string, slot: number): string[] => [
    '-device',
    `pcie-root-port,id=${id},chassis=${slot},slot=${slot},addr=0x${slot.toString(16)}`,
  ];
  const options = [
    ['-name', start.name, '-uuid', start.uuid],
    ['-machine', 'q35,graphics=off'],
    ['-accel', 'tcg,thread=multi', '-smp', '2', '-m', '3072'],
    // Which IOMMU to ask the kernel for is told by the CPU's maker. An old CPU, as what newer ones can do costs an emulated one
    // time: vectors in every strlen, fifth-level page tables, and virtualisation that is slower than emulation.
    ['-cpu', `Nehalem,vendor=${intel ? 'GenuineIntel' : 'AuthenticAMD'}`],
    ['-display', 'none', '-no-user-config', '-nodefaults'],
    ['-smbios', `type=1,manufacturer=Rackwright,product=Lab host,serial=RWLAB-HOST`],
    ['-device', intel ? 'intel-iommu,intremap=on,caching-mode=on' : 'amd-iommu,intremap=on'],
    ['-device', 'virtio-rng-pci,addr=0x2'],
    port('port-net', 3),
    // Nothing that the host sends leaves this machine.
    ['-netdev', `user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:${start.sshPort}-${insideAddress}:22`],
    ['-device', `virtio-net-pci,netdev=net,mac=${managementMac},bus=port-net,romfile=`],
    port('port-root', 4),
    ['-drive', `if=none,id=root,file=${start.overlay},format=qcow2,cache=writeback,discard=unmap`],
    ['-device', 'virtio-blk-pci,drive=root,bus=port-root,bootindex=1'],
    port('port-nic', 5),
    ['-device', deviceArgument(removable.nic)],
    port('port-shared', 6),
    ['-device', 'pcie-pci-bridge,id=shared,bus=port-shared'],
    ['-device', 'e1000,bus=shared,addr=0x1,mac=52:54:00:4b:56:03,romfile='],
    ['-device', 'e1000,bus=shared,addr=0x2,mac=52:54:00:4b:56:04,romfile='],
    port('port-nvme', 7),
    ['-drive', `if=none,id=data,file=${start.dataDisk},format=raw,cache=unsafe`],
    ['-device', 'nvme,drive=data,serial=RWNVME0001,bus=port-nvme'],
    port('port-empty', 8),
    ['-device', 'ich9-intel-hda,addr=0x1b'],
    port('port-usb', 9),
    ['-device', 'qemu-xhci,id=usb,bus=port-usb'],
    // Unlike a drive, a block device stays when the stick is pulled.
    ['-blockdev', `driver=file,node-name=stick,filename=${start.stick}`],
    ['-device', deviceArgument(removable.stick)],
    ['-chardev', `file,id=serial,path=${start.serialLog},append=on`, '-serial', 'chardev:serial'],
    ['-chardev', `socket,id=monitor,path=${start.monitor}`, '-mon', 'chardev=monitor,mode=control'],
  ];
  return options.flat();
}
