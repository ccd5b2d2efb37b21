import { type ScreenPlace, screenPortName } from './screen.ts';

/** Firmware of a lab machine. */
export const firmwares = ['bios', 'uefi'] as const;
export type LabFirmware = (typeof firmwares)[number];

export type Accelerator = 'tcg' | 'kvm';

/** Debian's `ovmf`: EDK2 with its own virtio-net driver and PXE stack. */
export const ovmfPath = '/usr/share/ovmf/OVMF.fd';

/** A graphics card whose picture VNC shows. */
interface MachineScreen {
  readonly place: ScreenPlace;
  /** Unix socket of the port by which an installer asks for it. */
  readonly socket: string;
}

/** What a machine is made of. */
export interface MachineHardware {
  readonly firmware: LabFirmware;
  /** SMBIOS UUID in RFC 9562 form; PXE sends it as DHCP option 97. */
  readonly uuid: string;
  readonly serialNumber: string;
  /** One NIC each; the first can boot from the network. */
  readonly nics: readonly { readonly mac: string; readonly tap: string }[];
  readonly diskPath: string;
  readonly serialLog: string;
  /** TCP port of 127.0.0.1 that is its serial cable's end; without one its serial port only writes its log. */
  readonly serialPort?: number;
  /** Without it there is no graphics card. */
  readonly screen?: MachineScreen;
  readonly memoryMiB: number;
}

/** The log has everything, whoever is at the other end of the cable. */
function serial({ serialLog, serialPort }: MachineHardware): string {
  if (serialPort === undefined) return `file,id=serial,path=${serialLog},append=on`;
  return `socket,id=serial,host=127.0.0.1,port=${serialPort},logfile=${serialLog},logappend=on`;
}

/** A graphics card with a small picture, which costs an emulated processor less; its VNC server lets nobody in without a password. */
function screenArguments({ place: { address, port }, socket }: MachineScreen): readonly string[] {
  const options = [
    ['-device', 'VGA,edid=on,xres=800,yres=600', '-vnc', `${address}:${port - 5900},password=on`],
    ['-chardev', `socket,id=screen,path=${socket}`, '-device', 'virtio-serial-pci'],
    ['-device', `virtserialport,chardev=screen,name=${screenPortName}`],
  ];
  return options.flat();
}

/**
 * Arguments of QEMU for one power-on. With `networkFirst` the first NIC comes before the disk, otherwise only the disk is tried:
 * a machine with a blank disk then stays on and shows that nothing can be booted. A guest's reset or power-off pauses the machine
 * and raises SHUTDOWN on the monitor, so that the lab decides what follows, like the chassis of a real board.
 */
export function qemuArguments(
  hardware: MachineHardware,
  start: {
    readonly networkFirst: boolean;
    readonly accelerator: Accelerator;
    readonly monitor: string;
    readonly name: string;
  },
): readonly string[] {
  const bios = hardware.firmware === 'bios';
  const nics = hardware.nics.flatMap(({ mac, tap }, index) => {
    const id = `n${index + 1}`;
    // SeaBIOS boots a NIC through its option ROM (iPXE); OVMF has a PXE stack of its own, which a ROM would shadow.
    const rom = bios && index === 0 ? '' : ',romfile=';
    const boot = index === 0 && start.networkFirst ? ',bootindex=1' : '';
    return [
      '-netdev',
      `tap,id=${id},ifname=${tap},script=no,downscript=no`,
      '-device',
      `virtio-net-pci,netdev=${id},mac=${mac},addr=${3 + index}${rom}${boot}`,
    ];
  });
  const options = [
    ['-name', start.name],
    ['-machine', `${bios ? 'pc' : 'q35'},graphics=off`],
    bios ? [] : ['-bios', ovmfPath],
    ['-accel', start.accelerator === 'tcg' ? 'tcg,thread=multi' : 'kvm'],
    ['-smp', '1', '-m', String(hardware.memoryMiB)],
    ['-display', 'none', '-no-user-config', '-nodefaults'],
    ['-uuid', hardware.uuid],
    ['-smbios', `type=1,manufacturer=Rackwright,product=Lab machine,serial=${hardware.serialNumber}`],
    ['-boot', 'strict=on'],
    ['-action', 'reboot=shutdown,shutdown=pause'],
    ['-drive', `if=none,id=disk,file=${hardware.diskPath},format=raw,cache=unsafe,discard=unmap`],
    [
      '-device',
      `virtio-blk-pci,drive=disk,addr=8,serial=${hardware.serialNumber},bootindex=${start.networkFirst ? 2 : 1}`,
    ],
    nics,
    ['-device', 'virtio-rng-pci'],
    ['-chardev', serial(hardware), '-serial', 'chardev:serial'],
    hardware.screen === undefined ? [] : screenArguments(hardware.screen),
    ['-chardev', `socket,id=monitor,path=${start.monitor}`, '-mon', 'chardev=monitor,mode=control'],
  ];
  return options.flat();
}
