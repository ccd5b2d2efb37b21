import type { RawProbe } from '../../kvm/index.ts';
import type { HostPci, IommuFacts } from '../model.ts';
import { readBlockDevices } from './block-devices.ts';
import { readDevices } from './devices.ts';
import { readInterfaces, readNeededInterfaces } from './interfaces.ts';
import { readNeededDisks } from './needed-disks.ts';

/** Everything that one look says about the PCI side of a host. `managementIp` is the address by which Rackwright reaches it. */
export function readHostPci(probe: RawProbe, options: { readonly managementIp: string }): HostPci {
  const section = (name: Parameters<RawProbe['sections']['get']>[0]): string | undefined =>
    probe.sections.get(name);
  const blocks = readBlockDevices(section('block-sysfs'));
  const interfaces = readInterfaces(section('net-sysfs'));
  return {
    devices: readDevices(probe, interfaces, blocks),
    needs: {
      disks: readNeededDisks(section('mounts'), section('zpools'), blocks),
      netInterfaces: readNeededInterfaces(
        { addresses: section('addresses'), routes: section('routes') },
        options.managementIp,
        interfaces,
      ),
      consoleOnVga: isConsoleOnVga(section('console'), section('cmdline')),
    },
    iommu: readIommu(probe),
  };
}

function readIommu(probe: RawProbe): IommuFacts {
  const words = (text: string | undefined): readonly string[] =>
    (text ?? '').split(/\s+/).filter((word) => word !== '');
  const cpuinfo = probe.sections.get('cpuinfo') ?? '';
  return {
    vendor: /GenuineIntel/.test(cpuinfo)
      ? 'intel'
      : /AuthenticAMD|HygonGenuine/.test(cpuinfo)
        ? 'amd'
        : 'other',
    units: words(probe.sections.get('iommu-class')),
    groups: words(probe.sections.get('iommu-groups')).length,
    commandLine: (probe.sections.get('cmdline') ?? '').trim(),
  };
}

/** `tty0` among the active consoles; the kernel's default where that cannot be read. */
function isConsoleOnVga(active: string | undefined, commandLine: string | undefined): boolean {
  if (active !== undefined && active.trim() !== '') return /\btty\d+\b/.test(active);
  const consoles = [...(commandLine ?? '').matchAll(/(?:^|\s)console=(\S+)/g)].map(([, name = '']) => name);
  return consoles.length === 0 || consoles.some((name) => /^tty\d/.test(name));
}
