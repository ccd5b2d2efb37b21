import type { Mac } from '../base/mac.ts';
import { parseMac } from '../base/mac.ts';
import { addressOf } from './address.ts';
import { parseBondingMode } from './bonding-mode.ts';
import { invalid, shown } from './errors.ts';
import { type Entry, entriesOf, flagOf, macAt, mapOf, optional, textOf } from './fields.ts';
import type { AddressCfg, BondingCfg, HostNetwork, NicCfg, VlanCfg } from './types.ts';

/** Claims names of one kind; a second claim throws at its own path with what `clash` says. */
function claims(clash: (value: string) => string): (value: string, path: string) => void {
  const seen = new Set<string>();
  return (value, path) => {
    if (seen.has(value)) throw invalid(path, clash(value));
    seen.add(value);
  };
}

function required(entry: Entry, name: string): string {
  const text = textOf(entry, name);
  if (text === undefined) throw invalid(`${entry.path}.${name}`, 'is missing');
  return text;
}

function slavesOf(entry: Entry): Mac[] {
  const path = `${entry.path}.slaves`;
  const value = optional(entry, 'slaves');
  const listed: unknown[] =
    typeof value === 'string'
      ? value.split(',')
      : Array.isArray(value)
        ? value
        : value === undefined
          ? []
          : [value];
  const texts = listed
    .map((slave) => (typeof slave === 'string' ? slave.trim() : slave))
    .filter((s) => s !== '');
  if (texts.length === 0) throw invalid(path, 'is empty; name the MAC addresses of the NICs of this bond');
  return texts.map((slave) => {
    if (typeof slave !== 'string') throw invalid(path, `${shown(slave)} is no MAC address`);
    return macAt(slave, path);
  });
}

function bondNameOf(entry: Entry): string {
  const name = required(entry, 'name');
  // IFNAMSIZ is 16 with the final NUL. linux/if.h
  if (!/^[A-Za-z0-9_][A-Za-z0-9._-]{0,14}$/.test(name)) {
    throw invalid(
      `${entry.path}.name`,
      `${shown(name)} cannot name a bond; take 1 to 15 letters, digits, dots, dashes or underscores, beginning with no dot or dash`,
    );
  }
  return name;
}

function modeOf(entry: Entry): BondingCfg['mode'] {
  const text = textOf(entry, 'mode');
  const mode = text === undefined ? 4 : parseBondingMode(text);
  if (mode === undefined) {
    throw invalid(
      `${entry.path}.mode`,
      `${shown(text)} is no bonding mode; take 0 to 6 or its name, e.g. 802.3ad`,
    );
  }
  return mode;
}

function vlanIdOf(entry: Entry): number {
  const text = required(entry, 'vlanId');
  const id = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (id < 1 || id > 4094)
    throw invalid(`${entry.path}.vlanId`, `${shown(text)} is no VLAN id; take 1 to 4094`);
  return id;
}

function nicsOf(entries: readonly Entry[]): NicCfg[] {
  const claim = claims((mac) => `${mac} is listed twice; list each NIC once`);
  const nics = entries.map((entry) => {
    const mac = macAt(required(entry, 'mac'), `${entry.path}.mac`);
    claim(mac, `${entry.path}.mac`);
    return { mac, pxe: flagOf(entry, 'pxe'), ...addressOf(entry) };
  });
  const boots = nics.filter((nic) => nic.pxe).length;
  if (boots !== 1) {
    throw invalid(
      'nicCfgs',
      `There must be one and only one pxe=true. (${boots} of ${nics.length} NICs have it)`,
    );
  }
  return nics;
}

function bondingsOf(entries: readonly Entry[], nics: readonly NicCfg[]): BondingCfg[] {
  const claimName = claims((name) => `${name} is the name of two bonds`);
  const claimSlave = claims((mac) => `NIC ${mac} is a slave twice; list it once, in one bond`);
  return entries.map((entry) => {
    const name = bondNameOf(entry);
    claimName(name, `${entry.path}.name`);
    const slaves = slavesOf(entry);
    for (const mac of slaves) {
      if (nics.some((nic) => nic.mac === mac)) {
        throw invalid(
          `${entry.path}.slaves`,
          `NIC ${mac} has been configured in nicCfgs, it cannot be bonding slave. Remove it from one of the two.`,
        );
      }
      claimSlave(mac, `${entry.path}.slaves`);
    }
    return { name, slaves, mode: modeOf(entry), ...addressOf(entry) };
  });
}

function parentOf(entry: Entry, nics: readonly NicCfg[], bondings: readonly BondingCfg[]): string {
  const text = required(entry, 'parent');
  const path = `${entry.path}.parent`;
  const bond = bondings.find(({ name }) => name === text);
  if (bond) return bond.name;
  const mac = parseMac(text);
  if (mac !== undefined && nics.some((nic) => nic.mac === mac)) return mac;
  const owner = mac && bondings.find(({ slaves }) => slaves.includes(mac));
  throw invalid(
    path,
    owner
      ? `${mac} is a slave of ${owner.name}; put the VLAN on ${owner.name}`
      : `${shown(text)} is neither the MAC address of a NIC in nicCfgs nor the name of a bond in bondings`,
  );
}

function vlansOf(
  entries: readonly Entry[],
  nics: readonly NicCfg[],
  bondings: readonly BondingCfg[],
): VlanCfg[] {
  const claim = claims((key) => `VLAN ${key.replace(' ', ' on ')} is listed twice`);
  return entries.map((entry) => {
    const parent = parentOf(entry, nics, bondings);
    const vlanId = vlanIdOf(entry);
    claim(`${vlanId} ${parent}`, `${entry.path}.vlanId`);
    return { parent, vlanId, ...addressOf(entry) };
  });
}

/**
 * The wished network in a `cfgItems` map (or its JSON or Python text) with `nicCfgs`, `bondings` and `vlans`, lists whose entries are texts or
 * objects. Unknown members are ignored, as ZStack does. Throws HostCfgError `invalid` whose `data.path` names the faulty place.
 * Uniqueness against other hosts is not checked here.
 */
export function parseCfgItems(cfgItems: unknown): HostNetwork {
  const items = mapOf(cfgItems, 'cfgItems');
  const nicEntries = entriesOf(items, 'nicCfgs');
  if (nicEntries.length === 0)
    throw invalid('nicCfgs', 'nicCfgs is missing. Name at least the NIC that boots.');
  const bondEntries = entriesOf(items, 'bondings');
  const vlanEntries = entriesOf(items, 'vlans');
  const nics = nicsOf(nicEntries);
  const bondings = bondingsOf(bondEntries, nics);
  const vlans = vlansOf(vlanEntries, nics, bondings);
  const claimIp = claims((ip) => `${ip} is given twice in this host`);
  const claimAll = (entries: readonly Entry[], addresses: readonly AddressCfg[]): void => {
    for (const [index, { ip }] of addresses.entries()) {
      if (ip !== undefined) claimIp(ip, `${entries[index]?.path ?? ''}.ip`);
    }
  };
  claimAll(nicEntries, nics);
  claimAll(bondEntries, bondings);
  claimAll(vlanEntries, vlans);
  return { nics, bondings, vlans };
}
