import { parseMac } from '../base/mac.ts';
import { parseUuid } from '../base/uuid.ts';
import { badArgument } from './checks.ts';
import type { TaggableType } from './model.ts';

/** A kind of system tag: `name::value`, or the name alone where `read` is undefined. */
export interface TagPattern {
  readonly name: string;
  /** How it is written, for people. */
  readonly form: string;
  /** Resources that take it; undefined means all. */
  readonly types: readonly TaggableType[] | undefined;
  /** `lasting` ones are stored; `ephemeral` ones steer the call that they come with and are gone. */
  readonly life: 'lasting' | 'ephemeral';
  /** Whether a resource may have several. */
  readonly many: boolean;
  readonly meaning: string;
  /** The value in its one spelling; undefined when it is no value of this kind. */
  readonly read: ((value: string) => string | undefined) | undefined;
}

const oneOf = (words: readonly string[]) => (value: string) => (words.includes(value) ? value : undefined);

function flag(value: string): string | undefined {
  return oneOf(['true', 'false'])(value.toLowerCase());
}

function json(value: string): string | undefined {
  try {
    JSON.parse(value);
    return value;
  } catch {
    return undefined;
  }
}

/** Every system tag that there is. */
const tagPatterns: readonly TagPattern[] = [
  {
    name: 'validationOnly',
    form: 'validationOnly',
    types: undefined,
    life: 'ephemeral',
    many: false,
    meaning: 'checks the parameters and does nothing',
    read: undefined,
  },
  {
    name: 'skipIpmiCheck',
    form: 'skipIpmiCheck::true|false',
    types: ['BaremetalChassisVO'],
    life: 'ephemeral',
    many: false,
    meaning: 'records the chassis without a login to its BMC',
    read: flag,
  },
  {
    name: 'bootMac',
    form: 'bootMac::{mac}',
    types: ['BaremetalChassisVO'],
    life: 'lasting',
    many: true,
    meaning: 'a NIC that is known to be this machine',
    read: parseMac,
  },
  {
    name: 'bootMode',
    form: 'bootMode::legacy|uefi',
    types: ['BaremetalChassisVO'],
    life: 'lasting',
    many: false,
    meaning: 'how its firmware boots',
    read: oneOf(['legacy', 'uefi']),
  },
  {
    name: 'bootImage',
    form: 'bootImage::{uuid}',
    types: ['BaremetalHostCfgVO'],
    life: 'lasting',
    many: false,
    meaning: 'the bare-metal image that the machine is installed from',
    read: parseUuid,
  },
  {
    name: 'ipmiProtocol',
    form: 'ipmiProtocol::1.5|2.0',
    types: ['BaremetalChassisVO'],
    life: 'lasting',
    many: false,
    meaning: 'the version of IPMI by which its BMC is spoken to',
    read: oneOf(['1.5', '2.0']),
  },
  {
    name: 'ipmiCipherSuite',
    form: 'ipmiCipherSuite::{1 to 17}',
    types: ['BaremetalChassisVO'],
    life: 'lasting',
    many: false,
    meaning: 'the only cipher suite for logins to its BMC',
    read: (value) => (/^(?:[1-9]|1[0-7])$/.test(value) ? value : undefined),
  },
  {
    name: 'ipmiAllowWeakSuites',
    form: 'ipmiAllowWeakSuites::true|false',
    types: ['BaremetalChassisVO'],
    life: 'lasting',
    many: false,
    meaning: 'cipher suites without encryption or with MD5 may be used for its BMC, after the others',
    read: flag,
  },
  {
    name: 'ipmiQuirk',
    form: 'ipmiQuirk::{name}',
    types: ['BaremetalChassisVO'],
    life: 'lasting',
    many: true,
    meaning: 'a deviation of its BMC from the standard; docs/quirks.md has the names',
    read: (value) => (/^[a-z0-9]{1,32}$/.test(value) ? value : undefined),
  },
  {
    name: 'reservedMemory',
    form: 'reservedMemory::{size}, e.g. 1G',
    types: ['HostVO'],
    life: 'lasting',
    many: false,
    meaning: 'memory that VMs do not get',
    read: (value) => (/^\d{1,15}[KMGT]?$/i.test(value) ? value.toUpperCase() : undefined),
  },
  {
    name: 'hostConnection',
    form: 'hostConnection::ssh|local',
    types: ['HostVO'],
    life: 'ephemeral',
    many: false,
    meaning: 'local adds the machine that Rackwright runs on, without SSH',
    read: oneOf(['ssh', 'local']),
  },
  {
    name: 'sshHostKey',
    form: 'sshHostKey::SHA256:{fingerprint}',
    types: ['HostVO'],
    life: 'ephemeral',
    many: false,
    meaning: 'the only SSH key that the host may show, as ssh-keygen -l prints it',
    read: (value) => (/^SHA256:[A-Za-z0-9+/]{43}$/.test(value) ? value : undefined),
  },
  {
    name: 'usbRedirect',
    form: 'usbRedirect::true|false',
    types: ['VmInstanceVO'],
    life: 'lasting',
    many: false,
    meaning: 'USB devices of the viewer reach the VM, from its next start on',
    read: flag,
  },
  {
    name: 'pciRom',
    form: 'pciRom::{text}',
    types: ['VmInstanceVO'],
    life: 'lasting',
    many: false,
    meaning: 'the ROM that a PCI device of the VM starts with',
    read: (value) => (value === '' ? undefined : value),
  },
  {
    name: 'pciRomUuid',
    form: 'pciRomUuid::{uuid}',
    types: ['InstanceOfferingVO'],
    life: 'lasting',
    many: false,
    meaning: 'the ROM that PCI devices of such VMs start with',
    read: parseUuid,
  },
  {
    name: 'pciDeviceOffering',
    form: 'pciDeviceOffering::{uuid}[::{count}]',
    types: ['InstanceOfferingVO'],
    life: 'lasting',
    many: true,
    meaning: 'PCI devices that such VMs want',
    read: (value) => (/^[0-9a-f]{32}(?:::[1-9]\d{0,2})?$/.test(value) ? value : undefined),
  },
  {
    name: 'instanceOfferingUserConfig',
    form: 'instanceOfferingUserConfig::{JSON}',
    types: ['InstanceOfferingVO'],
    life: 'lasting',
    many: false,
    meaning: 'settings of such VMs',
    read: json,
  },
];

/** A system tag that was understood; `text` is its one spelling. */
interface SystemTag {
  readonly pattern: TagPattern;
  readonly text: string;
}

function fits(pattern: TagPattern, type: TaggableType): boolean {
  return pattern.types?.includes(type) ?? true;
}

/** Reads a system tag for a resource of `type`; throws PlatformError `invalid-argument` that lists the tags of that type. */
export function readSystemTag(parameter: string, type: TaggableType, tag: string): SystemTag {
  const trimmed = tag.trim();
  const at = trimmed.indexOf('::');
  const name = at < 0 ? trimmed : trimmed.slice(0, at);
  const pattern = tagPatterns.find((one) => one.name === name && fits(one, type));
  if (pattern?.read === undefined) {
    if (pattern !== undefined && at < 0) return { pattern, text: name };
  } else if (at >= 0) {
    const value = pattern.read(trimmed.slice(at + 2));
    if (value !== undefined) return { pattern, text: `${name}::${value}` };
  }
  const known = tagPatterns.filter((one) => fits(one, type)).map(({ form }) => form);
  const shown = tag.length > 80 ? `${tag.slice(0, 80)}...` : tag;
  throw badArgument(parameter, `"${shown}" is no system tag of ${type}; it takes ${known.join('; ')}`);
}

/** The pattern of a stored tag; undefined for one of an older version. */
export function patternOf(tag: string): TagPattern | undefined {
  const [name] = tag.split('::', 1);
  return tagPatterns.find((one) => one.name === name);
}
