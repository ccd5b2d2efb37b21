import type { KvmNotice } from '../kvm/index.ts';
import type { Settlement } from './attach/settle.ts';
import type { PciEvent } from './discovery/events.ts';
import type { PciDevice } from './model.ts';
import { label } from './plan/members.ts';

/** Notices of devices that came, went or have another address now. Who has them is told by `outsideNotices`. */
export function changeNotices(events: readonly PciEvent[]): readonly KvmNotice[] {
  return events.flatMap((event): readonly KvmNotice[] => {
    const { device, kind } = event;
    if (kind === 'appeared') return [notice(device, 'Info', kind, `${label(device)} is new in its host`)];
    if (kind === 'returned') return [notice(device, 'Info', kind, `${label(device)} is back in its host`)];
    if (kind === 'gone') return [goneNotice(device)];
    if (kind === 'moved') return [movedNotice(device, event.from)];
    return [];
  });
}

function goneNotice(device: PciDevice): KvmNotice {
  const vmUuid = device.vmInstanceUuid;
  return vmUuid === undefined
    ? notice(device, 'Info', 'gone', `${label(device)} is not in its host any more`)
    : notice(
        device,
        'Error',
        'gone',
        `${label(device)} is not in its host any more, but VM ${vmUuid} has it in its definition and may not start: put it back, or detach it from the VM`,
        { vmUuid },
      );
}

function movedNotice(device: PciDevice, from: string): KvmNotice {
  const { vmInstanceUuid: vmUuid, pciDeviceAddress: address } = device;
  const then =
    vmUuid === undefined
      ? ''
      : `; the definition of VM ${vmUuid} follows it, what runs now has what was there when it started`;
  return notice(
    device,
    vmUuid === undefined ? 'Info' : 'Warning',
    'moved',
    `${device.name} was at ${from} and is at ${address} now${then}`,
    {
      from,
    },
  );
}

/** Notices of devices that somebody gave to a VM, or took from it, with other tools. */
export function outsideNotices(outside: Settlement['outside']): readonly KvmNotice[] {
  return outside.map(({ kind, device, vmUuid }) =>
    kind === 'lost'
      ? notice(
          device,
          'Warning',
          kind,
          `VM ${vmUuid} does not have ${label(device)} any more: somebody took it out with other tools; attach it again if that was a mistake`,
          { vmUuid },
        )
      : notice(
          device,
          'Info',
          kind,
          `VM ${vmUuid} has ${label(device)}: somebody gave it with other tools; it can be detached here, too`,
          { vmUuid },
        ),
  );
}

function notice(
  device: PciDevice,
  severity: KvmNotice['severity'],
  change: string,
  text: string,
  facts: Readonly<Record<string, unknown>> = {},
): KvmNotice {
  return {
    name: 'pci-device-changed',
    severity,
    text,
    about: { type: 'PciDeviceVO', uuid: device.uuid },
    facts: { change, address: device.pciDeviceAddress, hostUuid: device.hostUuid, ...facts },
  };
}
