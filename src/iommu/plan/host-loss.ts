import type { HostNeeds, PciDevice } from '../model.ts';
import type { RefusalCode } from '../service.ts';
import { isPresent, listed, sorted, type PresentDevice } from './members.ts';

/** Why something cannot be done, for a program and for a person. */
export interface Refusal {
  readonly code: RefusalCode;
  readonly text: string;
}

const bootMountPoints: ReadonlySet<string> = new Set(['/', '/boot', '/boot/efi', '/efi', '/usr']);

/** `sda` of `/dev/sda`. */
export function deviceName(path: string): string {
  return path.replace(/^\/dev\//, '');
}

/** What the host cannot do without this device, each with what to do first; empty when the host can spare it. */
export function hostLosses(
  device: PresentDevice,
  needs: HostNeeds,
  stays: readonly PciDevice[],
): readonly Refusal[] {
  return [...disks(device, needs), ...interfaces(device, needs), ...consoleOf(device, needs, stays)];
}

function disks(device: PresentDevice, needs: HostNeeds): readonly Refusal[] {
  const used = needs.disks.map((disk) => ({ name: deviceName(disk.device), of: disk.mountPoint }));
  return grouped(device.facts.uses.blockDevices.map(deviceName), used).map(([name, points]): Refusal => {
    if (points.some((point) => bootMountPoints.has(point))) {
      return {
        code: 'boot-disk',
        text: `the host runs from its disk ${name} (${listed(points)}): it cannot be given away`,
      };
    }
    return {
      code: 'mounted-disk',
      text: `the host uses its disk ${name} (${listed(points)}): unmount it and take it out of /etc/fstab first`,
    };
  });
}

function interfaces(device: PresentDevice, needs: HostNeeds): readonly Refusal[] {
  const used = needs.netInterfaces.map((need) => ({ name: need.name, of: need.why }));
  return grouped(device.facts.uses.netInterfaces, used).map(
    ([name, why]): Refusal => ({
      code: 'management-nic',
      text: `the host needs its interface ${name} (${listed(why)}): move that to another NIC first`,
    }),
  );
}

/** For each of `names` that is used: what of, sorted and without repetition. */
function grouped(
  names: readonly string[],
  used: readonly { readonly name: string; readonly of: string }[],
): readonly (readonly [name: string, of: readonly string[]])[] {
  return sorted(names)
    .map((name) => [name, sorted(used.filter((use) => use.name === name).map((use) => use.of))] as const)
    .filter(([, of]) => of.length > 0);
}

/** A screen: VGA compatible or another display controller; a 3D controller has no connectors. */
function isScreen(device: PciDevice): boolean {
  return isPresent(device) && /^03(?:00|80)/.test(device.facts.classCode);
}

/** The console is lost for good when no other screen stays; with another one left it is a warning. */
export function hasConsole(device: PresentDevice, needs: HostNeeds): boolean {
  return device.facts.bootVga && needs.consoleOnVga;
}

function consoleOf(device: PresentDevice, needs: HostNeeds, stays: readonly PciDevice[]): readonly Refusal[] {
  if (!hasConsole(device, needs)) return [];
  if (stays.some((other) => isScreen(other) && other.vmInstanceUuid === undefined)) return [];
  return [
    {
      code: 'host-console',
      text:
        "it is the host's only screen and the host's console is on it: put the console on a serial port " +
        '(kernel parameter console=ttyS0) or make another screen the first one in the firmware setup',
    },
  ];
}
