import { bindScript, deviceCommand, restoreScript, vfScript } from '../../src/iommu/attach/scripts.ts';
import type { CommandResult } from '../../src/net/shell.ts';
import { ended, type HostCommand, type HostModel } from './fake-host-shell.ts';

/** A PCI function of the modelled host. */
export interface FakePci {
  readonly address: string;
  readonly group: number;
  /** The driver of the host that takes it when it is probed. */
  readonly native: string | undefined;
  driver: string | undefined;
  vfs?: { total: number; num: number };
  /** Where it sticks; its first address when nothing is said. */
  readonly slot?: string;
}

/** A domain of the modelled host. */
export interface FakePciDomain {
  readonly uuid: string;
  persistent: boolean;
  running: boolean;
  config: string[];
  live: string[];
  /** False: its guest never lets a device go. */
  answers: boolean;
}

/** sysfs, vfio and libvirt of one host, as far as devices of VMs concern them. */
export interface FakePciHost {
  readonly pci: Map<string, FakePci>;
  readonly domains: Map<string, FakePciDomain>;
  /** libvirtd answers. */
  libvirt: boolean;
  readonly model: HostModel;
  /** Starts a domain as libvirt does: its devices go to vfio-pci. */
  start(uuid: string): void;
  /** Stops it: what libvirt bound goes back. */
  stop(uuid: string): void;
}

/** A host with these devices and domains. */
export function createFakePciHost(
  devices: readonly FakePci[],
  domains: readonly FakePciDomain[],
): FakePciHost {
  /** Devices that libvirt itself bound to vfio-pci, and so gives back. */
  const boundByLibvirt = new Set<string>();
  const host: FakePciHost = {
    pci: new Map(devices.map((d) => [d.address, d])),
    domains: new Map(domains.map((d) => [d.uuid, d])),
    libvirt: true,
    model: (command, half) => handle(command, half),
    start(uuid) {
      const domain = domainOf(uuid);
      domain.running = true;
      domain.live = [...domain.config];
      for (const address of domain.live) toVfio(address);
    },
    stop(uuid) {
      const domain = domainOf(uuid);
      domain.running = false;
      const was = domain.live;
      domain.live = [];
      for (const address of was) giveBack(address);
      if (!domain.persistent) host.domains.delete(uuid);
    },
  };
  return host;

  function handle({ argv, input }: HostCommand, half: boolean): CommandResult | undefined {
    if (argv[0] === 'probe') return ended();
    if (argv[0] === 'sh' && argv[1] === '-s') {
      const args = argv.slice(3);
      if (input === bindScript) return bind(half ? args.slice(0, 1) : args);
      if (input === restoreScript) return restore(half ? args.slice(0, 2) : args);
      if (input === vfScript) return setVfs(args);
    }
    if (argv[1] === '-c' && argv[2] === deviceCommand) {
      const [, verb, uuid = '', ...flags] = argv.slice(4);
      return changeDevice(verb, uuid.replaceAll('-', ''), addressIn(input), flags, half);
    }
    return undefined;
  }

  function domainOf(uuid: string): FakePciDomain {
    const domain = host.domains.get(uuid);
    if (domain === undefined) throw new Error(`no domain ${uuid} in this test`);
    return domain;
  }

  function bind(addresses: readonly string[]): CommandResult {
    for (const address of addresses) {
      const device = host.pci.get(address);
      if (device === undefined) return ended({ exitCode: 4, stderr: `${address} is not there any more\n` });
      device.driver = 'vfio-pci';
    }
    return ended();
  }

  function restore(args: readonly string[]): CommandResult {
    const lines: string[] = [];
    for (let at = 0; at + 1 < args.length; at += 2) {
      const address = args[at] ?? '';
      const device = host.pci.get(address);
      if (device !== undefined && args[at + 1] !== 'vfio-pci') {
        // The kernel of old ends here: a driver of the host in a group that a guest has.
        if (isGroupLive(device)) throw new Error(`driver of ${address} restored under a running VM`);
        if (device.driver === 'vfio-pci' || device.driver === undefined) device.driver = device.native;
        boundByLibvirt.delete(address);
      }
      lines.push(device === undefined ? `${address} gone` : `${address} ${device.driver ?? '-'}`);
    }
    return ended({ stdout: `${lines.join('\n')}\n` });
  }

  function isGroupLive(device: FakePci): boolean {
    return [...host.domains.values()].some((domain) =>
      domain.live.some((address) => host.pci.get(address)?.group === device.group),
    );
  }

  function setVfs([address = '', count = '0']: readonly string[]): CommandResult {
    const device = host.pci.get(address);
    if (device?.vfs === undefined) return ended({ exitCode: 4, stderr: `${address} has no SR-IOV\n` });
    if (device.vfs.num > 0 && count !== '0')
      return ended({ exitCode: 2, stderr: 'Device or resource busy\n' });
    device.vfs.num = Number(count);
    return ended();
  }

  function toVfio(address: string): void {
    const device = host.pci.get(address);
    if (device === undefined || device.driver === 'vfio-pci') return;
    device.driver = 'vfio-pci';
    boundByLibvirt.add(address);
  }

  function giveBack(address: string): void {
    const device = host.pci.get(address);
    if (device !== undefined && boundByLibvirt.delete(address)) device.driver = device.native;
  }

  function changeDevice(
    verb: string | undefined,
    uuid: string,
    address: string,
    flags: readonly string[],
    half: boolean,
  ): CommandResult {
    const fail = (text: string): CommandResult =>
      ended({
        exitCode: 1,
        stderr: `error: Failed to ${verb?.replace('-device', '') ?? ''} device from /dev/stdin\nerror: ${text}\n`,
      });
    if (!host.libvirt) return fail('failed to connect to the hypervisor');
    const domain = host.domains.get(uuid);
    if (domain === undefined) return fail(`failed to get domain '${uuid}'`);
    const live = flags.includes('--live');
    const config = flags.includes('--config');
    if (live && !domain.running) return fail('Requested operation is not valid: domain is not running');
    if (config && !domain.persistent)
      return fail('Requested operation is not valid: transient domains do not have any persistent config');
    return verb === 'attach-device'
      ? plugIn(domain, address, { live, config, half }, fail)
      : takeOut(domain, address, { live, config, half }, fail);
  }

  interface Where {
    readonly live: boolean;
    readonly config: boolean;
    readonly half: boolean;
  }

  function plugIn(
    domain: FakePciDomain,
    address: string,
    { live, config, half }: Where,
    fail: (text: string) => CommandResult,
  ): CommandResult {
    const device = host.pci.get(address);
    if (device === undefined) return fail(`Device ${address} not found: could not access`);
    if (config && domain.config.includes(address))
      return fail('device is already in the domain configuration');
    if (live) {
      const holder = [...host.domains.values()].find((d) => d.live.includes(address));
      if (holder !== undefined)
        return fail(
          `Requested operation is not valid: PCI device ${address} is in use by driver QEMU, domain x`,
        );
      toVfio(address);
      // libvirtd dies between binding and plugging.
      if (half && !config) return ended();
      const group = [...host.pci.values()].filter((other) => other.group === device.group);
      if (group.some((other) => other.driver !== undefined && other.driver !== 'vfio-pci')) {
        giveBack(address);
        return fail(
          `internal error: unable to execute QEMU command 'device_add': vfio ${address}: group ${device.group} is not viable\nPlease ensure all devices within the iommu_group are bound to their vfio bus driver.`,
        );
      }
      domain.live.push(address);
      if (half) return ended();
    }
    if (config) domain.config.push(address);
    return ended();
  }

  function takeOut(
    domain: FakePciDomain,
    address: string,
    { live, config, half }: Where,
    fail: (text: string) => CommandResult,
  ): CommandResult {
    const inConfig = domain.config.includes(address);
    if (config && !inConfig) return fail(`device not found: host pci device ${address} not found`);
    if (live && !domain.live.includes(address))
      return fail(`device not found: host pci device ${address} not found`);
    if (half) return ended();
    if (live && domain.answers) {
      domain.live = domain.live.filter((one) => one !== address);
      giveBack(address);
    }
    if (config) domain.config = domain.config.filter((one) => one !== address);
    return ended();
  }
}

function addressIn(xml: string): string {
  const [, domain = '', bus = '', slot = '', fn = ''] =
    /domain='0x([0-9a-f]+)' bus='0x([0-9a-f]+)' slot='0x([0-9a-f]+)' function='0x([0-7])'/.exec(xml) ?? [];
  return `${domain}:${bus}:${slot}.${fn}`;
}
