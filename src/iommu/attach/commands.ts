import type { Uuid } from '../../base/uuid.ts';
import type { CommandResult, HostShell } from '../../net/shell.ts';
import { checkedAddress, renderHostdev } from './hostdev-xml.ts';
import { bindScript, deviceCommand, restoreScript, vfScript } from './scripts.ts';

/** Where a device is in a domain: in the running one, in what its next start reads. */
export interface Presence {
  readonly live: boolean;
  readonly config: boolean;
}

/** A driver of the host may take long to let go, and so may a guest. */
const slowMs = 60_000;

/** Plugs a device into a domain, or takes it out of it; `where` must say at least one. */
export function changeDevice(
  shell: HostShell,
  verb: 'attach-device' | 'detach-device',
  to: {
    readonly libvirtUri: string;
    readonly vmUuid: Uuid;
    readonly address: string;
    readonly where: Presence;
  },
): Promise<CommandResult> {
  const flags = [...(to.where.live ? ['--live'] : []), ...(to.where.config ? ['--config'] : [])];
  return shell.run(['sh', '-c', deviceCommand, 'sh', to.libvirtUri, verb, domainUuid(to.vmUuid), ...flags], {
    input: renderHostdev(to.address),
    timeoutMs: slowMs,
  });
}

/** Loads vfio-pci and binds these devices to it; without addresses it only loads. */
export function bindVfio(shell: HostShell, addresses: readonly string[]): Promise<CommandResult> {
  return shell.run(['sh', '-s', '--', ...addresses.map(checkedAddress)], {
    input: bindScript,
    timeoutMs: slowMs,
  });
}

/** What a device of the host has as driver after it came back; `gone`: it is not there any more. */
export type Restored = { readonly driver: string | undefined } | 'gone';

/** Gives devices back to the drivers that they had; answers what each has now, by address. A device without an answer was not reached. */
export async function restoreDrivers(
  shell: HostShell,
  devices: readonly { readonly address: string; readonly previousDriver: string | undefined }[],
): Promise<ReadonlyMap<string, Restored>> {
  const pairs = devices.flatMap((d) => [checkedAddress(d.address), driverArgument(d.previousDriver)]);
  const { stdout } = await shell.run(['sh', '-s', '--', ...pairs], {
    input: restoreScript,
    timeoutMs: slowMs,
  });
  return new Map(
    stdout
      .split('\n')
      .map((line) => line.trim().split(' '))
      .flatMap(([address, driver]): [string, Restored][] =>
        address === undefined || driver === undefined
          ? []
          : [[address, driver === 'gone' ? 'gone' : { driver: driver === '-' ? undefined : driver }]],
      ),
  );
}

/** Writes the number of virtual functions; drivers may take long to make them. */
export function writeVfs(shell: HostShell, address: string, count: number): Promise<CommandResult> {
  return shell.run(['sh', '-s', '--', checkedAddress(address), String(count)], {
    input: vfScript,
    timeoutMs: slowMs,
  });
}

/** A driver's name comes from the host and becomes an argument and a module's name. */
function driverArgument(driver: string | undefined): string {
  return driver !== undefined && /^[A-Za-z0-9][\w.-]{0,63}$/.test(driver) ? driver : '-';
}

/** libvirt's own form of a domain's uuid: with dashes. */
function domainUuid(uuid: Uuid): string {
  return uuid.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
