import { type Mac, parseMac } from '../../base/mac.ts';
import type { DomainDetails } from '../model.ts';
import { childOf, childrenOf, textOf, type XmlElement } from '../xml.ts';
import { readPciAddresses, readUsbHostdevs } from './domain-hostdevs.ts';

/** A definition as it runs and as the next start has it; one of them is there. */
interface Definitions {
  readonly live: XmlElement | undefined;
  readonly config: XmlElement | undefined;
}

const devicesOf = (domain: XmlElement | undefined): XmlElement | undefined => childOf(domain, 'devices');

/** The NICs of a definition; one without a readable MAC is left out. A network's name counts before the bridge behind it. */
export function readNics(
  domain: XmlElement | undefined,
): readonly { readonly mac: Mac; readonly bridge?: string }[] {
  return childrenOf(devicesOf(domain), 'interface').flatMap((nic) => {
    const mac = parseMac(childOf(nic, 'mac')?.attributes.get('address') ?? '');
    const source = childOf(nic, 'source')?.attributes;
    const bridge = source?.get('network') ?? source?.get('bridge');
    return mac === undefined ? [] : [bridge === undefined ? { mac } : { mac, bridge }];
  });
}

/** What a definition says beyond name and size: devices as they run now, or as defined where it does not run. */
export function readDetails({ live, config }: Definitions): Omit<DomainDetails, 'domainName' | 'ours'> {
  const now = live ?? config;
  const devices = devicesOf(now);
  return {
    persistent: config !== undefined,
    disks: childrenOf(devices, 'disk').flatMap(diskOf),
    pciAddresses: {
      config: readPciAddresses(devicesOf(config)),
      live: readPciAddresses(devicesOf(live)),
    },
    usbDevices: readUsbHostdevs(devices),
    redirections: childrenOf(devicesOf(live), 'redirdev').flatMap(redirectionOf),
    configuredRedirections: childrenOf(devicesOf(config), 'redirdev').length,
    graphics: childrenOf(devices, 'graphics').flatMap(graphicsOf),
    serial: serialOf(childOf(devices, 'serial')),
    emulator: textOf(devices, 'emulator'),
    virtualization: now?.attributes.get('type'),
  };
}

function diskOf(disk: XmlElement): DomainDetails['disks'] {
  const target = childOf(disk, 'target')?.attributes.get('dev');
  if (target === undefined) return [];
  const device = disk.attributes.get('device');
  const source = childOf(disk, 'source')?.attributes;
  const volume = source?.get('volume');
  return [
    {
      device: device === 'cdrom' || device === 'floppy' || device === 'lun' ? device : 'disk',
      target,
      source:
        source?.get('file') ??
        source?.get('dev') ??
        source?.get('dir') ??
        source?.get('name') ??
        (volume === undefined ? undefined : `${source?.get('pool') ?? ''}/${volume}`),
      format: childOf(disk, 'driver')?.attributes.get('type'),
    },
  ];
}

/** Channels that somebody can connect to: one whose source connects itself is none. */
function redirectionOf(redirdev: XmlElement): DomainDetails['redirections'] {
  const type = redirdev.attributes.get('type');
  const source = childOf(redirdev, 'source')?.attributes;
  if (type === 'spicevmc') return [{ kind: 'spicevmc' }];
  if (source?.get('mode') !== 'bind') return [];
  const path = source.get('path');
  if (type === 'unix' && path !== undefined) return [{ kind: 'unix', path }];
  const port = portOf(source.get('service'));
  if (type === 'tcp' && port !== undefined) {
    return [{ kind: 'tcp', host: source.get('host') ?? '127.0.0.1', port }];
  }
  return [];
}

/** Where a graphics element listens; [] for other kinds than VNC and SPICE. */
export function graphicsOf(graphics: XmlElement): DomainDetails['graphics'] {
  const kind = graphics.attributes.get('type');
  if (kind !== 'vnc' && kind !== 'spice') return [];
  const listens = childrenOf(graphics, 'listen');
  const listen = (type: string): ReadonlyMap<string, string> | undefined =>
    listens.find(({ attributes }) => attributes.get('type') === type)?.attributes;
  return [
    {
      kind,
      listen: listen('address')?.get('address') ?? graphics.attributes.get('listen'),
      port: portOf(graphics.attributes.get('port')),
      tlsPort: portOf(graphics.attributes.get('tlsPort')),
      socket: listen('socket')?.get('socket') ?? graphics.attributes.get('socket'),
    },
  ];
}

/** Where its first serial port listens: one that connects itself, or speaks telnet or TLS, has no place for us. */
function serialOf(serial: XmlElement | undefined): DomainDetails['serial'] {
  if (serial === undefined) return undefined;
  const kind = serial.attributes.get('type') ?? 'pty';
  const source = childOf(serial, 'source')?.attributes;
  const isOurs = kind === 'pty' || (source?.get('mode') === 'bind' && source.get('tls') !== 'yes');
  const protocol = childOf(serial, 'protocol')?.attributes.get('type') ?? 'raw';
  if (!isOurs || protocol !== 'raw') return { kind, source: undefined };
  const port = portOf(source?.get('service'));
  return {
    kind,
    source: source?.get('path') ?? (port === undefined ? undefined : `${source?.get('host') ?? ''}:${port}`),
  };
}

/** 1..65535; libvirt writes -1 for a port that is not known yet. */
function portOf(text: string | undefined): number | undefined {
  const port = text !== undefined && /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return port >= 1 && port <= 65_535 ? port : undefined;
}
