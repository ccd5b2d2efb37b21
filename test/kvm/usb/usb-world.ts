import { randomBytes } from 'node:crypto';
import { PassThrough } from 'node:stream';
import { createTurns } from '../../../src/base/turns.ts';
import type { Uuid } from '../../../src/base/uuid.ts';
import { KvmError } from '../../../src/kvm/errors.ts';
import type { DomainDetails, Host, UsbDevice, VmInstance } from '../../../src/kvm/model.ts';
import type { UsbFacts } from '../../../src/kvm/parse/usb.ts';
import type { KvmNotice, KvmStore } from '../../../src/kvm/ports.ts';
import type { HostConnections } from '../../../src/kvm/service.ts';
import { createUsb } from '../../../src/kvm/usb/create.ts';
import { NetError } from '../../../src/net/errors.ts';
import type { HostShell, StreamTarget } from '../../../src/net/shell.ts';
import { keepingLog } from '../../support/keeping-log.ts';

const id = (digit: string): Uuid => digit.repeat(32) as Uuid;
export const hostUuid = id('a');
const host = { uuid: hostUuid, name: 'kvm1' } as Host;

export function vmOf(
  digit: string,
  state: VmInstance['state'],
  domain: Partial<DomainDetails> = {},
): VmInstance {
  const details: Partial<DomainDetails> = { usbDevices: [], redirections: [], graphics: [], ...domain };
  return {
    uuid: id(digit),
    name: `vm${digit}`,
    hostUuid: state === 'Stopped' ? undefined : hostUuid,
    lastHostUuid: hostUuid,
    state,
    domain: details,
    lastOpDate: 0,
  } as VmInstance;
}

export function stick(portPath: string, devNum: number, more: Partial<UsbFacts> = {}): UsbFacts {
  return {
    name: 'Acme Stick',
    portPath,
    serial: undefined,
    vendorId: '0951',
    productId: '1666',
    manufacturer: 'Acme',
    product: 'Stick',
    usbVersion: '2.10',
    deviceClass: '08',
    busNum: 1,
    devNum,
    ...more,
  };
}

/** The section of a look as the probe prints it. */
export function sysfsOf(devices: readonly UsbFacts[]): string {
  const file = (path: string, name: string, value: string | number | undefined): string =>
    value === undefined ? '' : `sys/bus/usb/devices/${path}/${name}:${value}\n`;
  return devices
    .map(
      (one) =>
        file(one.portPath, 'busnum', one.busNum) +
        file(one.portPath, 'devnum', one.devNum) +
        file(one.portPath, 'idVendor', one.vendorId) +
        file(one.portPath, 'idProduct', one.productId) +
        file(one.portPath, 'manufacturer', one.manufacturer) +
        file(one.portPath, 'product', one.product) +
        file(one.portPath, 'serial', one.serial) +
        file(one.portPath, 'version', one.usbVersion) +
        file(one.portPath, 'bDeviceClass', one.deviceClass),
    )
    .join('');
}

/**
 * A host with libvirt in memory: what is plugged in, and which running domains have which addresses. `look` does what the connection
 * manager and the observer of VMs do, then calls the observer of USB.
 */
export function usbWorld() {
  const vms = new Map<string, VmInstance>();
  const rows = new Map<string, UsbDevice>();
  const notices: KvmNotice[] = [];
  const commands: string[] = [];
  const world = {
    now: 1000,
    plugged: [] as UsbFacts[],
    /** Addresses of running domains, `1:5`, by VM. */
    live: new Map<string, Set<string>>(),
    /** Further lines of the look at one device. */
    needs: '',
    fail: undefined as undefined | ((argv: readonly string[]) => string | undefined),
    lost: false,
    lookFails: false,
    refuses: false,
    targets: [] as StreamTarget[],
    streams: [] as PassThrough[],
  };
  const clock = { now: () => world.now, after: () => () => {} };
  const random = (length: number): Uint8Array => Uint8Array.from(randomBytes(length));
  const log = keepingLog();

  const answer = (stdout: string, exitCode = 0, stderr = '') => ({
    exitCode,
    signal: undefined,
    stdout,
    stderr,
    truncated: false,
  });
  const shell: Partial<HostShell> = {
    async run(argv, options) {
      const failure = world.fail?.(argv);
      if (failure !== undefined) return answer('', 1, failure);
      if (argv.includes('-s')) {
        const found = world.plugged.find(({ portPath }) => argv.includes(portPath));
        return found ? answer(`number ${found.busNum} ${found.devNum}\n${world.needs}`) : answer('', 3);
      }
      const at = argv.findIndex((word) => word.endsWith('-device'));
      const [command, domain = ''] = argv.slice(at);
      const [, bus, device] = /bus='(\d+)' device='(\d+)'/.exec(options?.input ?? '') ?? [];
      commands.push(`${command} ${domain.slice(0, 8)} ${bus}:${device} ${argv.slice(at + 2).join(' ')}`);
      const has = world.live.get(domain.replaceAll('-', '')) ?? new Set();
      world.live.set(domain.replaceAll('-', ''), has);
      if (command === 'attach-device') has.add(`${bus}:${device}`);
      else if (!has.delete(`${bus}:${device}`)) return answer('', 1, 'error: device not found');
      return answer('done\n');
    },
  };

  const store: Partial<KvmStore> = {
    getVm: async (uuid) => vms.get(uuid),
    listVms: async () => [...vms.values()],
    listVmsOf: async (uuid) => [...vms.values()].filter((vm) => (vm.hostUuid ?? vm.lastHostUuid) === uuid),
    getUsbDevice: async (uuid) => rows.get(uuid),
    listUsbDevicesOf: async (uuid) => [...rows.values()].filter((row) => row.hostUuid === uuid),
    async saveUsbDevices({ saved, gone }) {
      for (const row of saved) rows.set(row.uuid, row);
      for (const uuid of gone) rows.delete(uuid);
    },
  };
  const turns = createTurns();
  const exclusive = <T>(uuid: string, work: (vm: VmInstance) => Promise<T>): Promise<T> =>
    turns(uuid as Uuid, async () => {
      const vm = vms.get(uuid);
      if (vm === undefined) throw new KvmError('not-found', 'no VM');
      return work(vm);
    });

  async function look(sections = new Map([['usb-sysfs' as const, sysfsOf(world.plugged)]])): Promise<void> {
    world.now += 10;
    const time = world.now;
    for (const vm of vms.values()) {
      const usbDevices = [...(world.live.get(vm.uuid) ?? [])].map((text) => {
        const [bus = 0, device = 0] = text.split(':').map(Number);
        return { bus, device };
      });
      vms.set(vm.uuid, { ...vm, domain: { ...(vm.domain as DomainDetails), usbDevices } });
    }
    world.now += 10;
    await usb.observer(host, { sections, time });
  }

  const connections: HostConnections = {
    async use(_host, work) {
      if (world.lost) throw new KvmError('host-disconnected', 'the connection broke');
      return work(shell as HostShell);
    },
    isConnected: () => true,
    async look() {
      if (world.lookFails) throw new KvmError('host-disconnected', 'the connection broke');
      await look();
    },
    async stream(_host, target) {
      if (world.refuses) throw new NetError('refused', 'connection refused');
      world.targets.push(target);
      const stream = new PassThrough();
      world.streams.push(stream);
      return stream;
    },
  };
  const usb = createUsb({
    store: store as KvmStore,
    vms: { exclusive },
    connections,
    libvirtUri: 'qemu:///system',
    notify: (notice) => notices.push(notice),
    clock,
    random,
    log,
  });

  return {
    ...usb,
    world,
    look,
    notices,
    commands,
    log,
    setVm: (vm: VmInstance) => void vms.set(vm.uuid, vm),
    dropVm: (vm: VmInstance) => void vms.delete(vm.uuid),
    devices: () => [...rows.values()],
    /** The row of the device at a port. */
    at(portPath: string): UsbDevice {
      const row = [...rows.values()].find((one) => one.portPath === portPath && one.status === 'Present');
      if (row === undefined) throw new Error(`nothing at ${portPath}`);
      return row;
    },
    row: (uuid: string) => rows.get(uuid),
  };
}
