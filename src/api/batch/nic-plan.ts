import type { Ipv4 } from '../../base/ipv4.ts';
import { netmaskOfPrefix, parseIpv4 } from '../../base/ipv4.ts';
import type { Mac } from '../../base/mac.ts';
import { parseMac } from '../../base/mac.ts';
import { ApiError } from '../errors.ts';

interface Address {
  ip?: Ipv4;
  netmask?: Ipv4;
  gateway?: Ipv4;
  dns?: Ipv4;
}

/** A NIC plan as `cfgItems` of a hostcfg; what the plan does not say is left out. */
interface NicPlan {
  readonly nicCfgs: ReadonlyArray<Address & { readonly mac: Mac; readonly pxe: boolean }>;
  readonly bondings: ReadonlyArray<
    Address & { readonly name: string; readonly slaves: string; readonly mode?: string }
  >;
  readonly vlans: ReadonlyArray<Address & { readonly parent: string; readonly vlanId: string }>;
}

/** Words after the head of an entry. */
interface Options extends Address {
  pxe?: boolean;
  mode?: string;
}

type Refuse = (text: string) => ApiError;

function addressWord(word: string, refuse: Refuse): Pick<Address, 'ip' | 'netmask'> {
  const [text = '', prefix = ''] = word.split('/', 2);
  const ip = parseIpv4(text);
  const bits = /^\d{1,2}$/.test(prefix) ? Number(prefix) : 0;
  if (ip === undefined || bits < 1 || bits > 32) {
    throw refuse('an address is written with its prefix length, as in 192.0.2.10/24');
  }
  return { ip, netmask: netmaskOfPrefix(bits) };
}

function optionsOf(words: readonly string[], refuse: Refuse): Options {
  const options: Options = {};
  const add = (found: Options): void => {
    const twice = Object.keys(found).some((name) => Object.hasOwn(options, name));
    if (twice) throw refuse('says the same thing twice');
    Object.assign(options, found);
  };
  const rest = [...words];
  const addressAfter = (word: string): Ipv4 => {
    const ip = parseIpv4(rest.shift() ?? '');
    if (ip === undefined) throw refuse(`${word} needs an address after it, as in ${word} 192.0.2.1`);
    return ip;
  };
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    const keyword = word.toLowerCase();
    if (keyword === 'pxe') add({ pxe: true });
    else if (keyword === 'gw') add({ gateway: addressAfter('gw') });
    else if (keyword === 'dns') add({ dns: addressAfter('dns') });
    else if (keyword === 'mode') {
      const mode = rest.shift();
      if (mode === undefined) throw refuse('mode needs a bonding mode after it, as in mode 4');
      add({ mode });
    } else if (word.includes('/')) add(addressWord(word, refuse));
    else throw refuse('has a word that is none of pxe, mode, gw, dns or an address such as 192.0.2.10/24');
  }
  return options;
}

/** Takes `pxe` and `mode` out of the options; throws when the kind of entry has no such thing. */
function only(allowed: 'pxe' | 'mode' | 'address', options: Options, refuse: Refuse): Address {
  const { pxe, mode, ...address } = options;
  if (pxe === true && allowed !== 'pxe') throw refuse('cannot have pxe: a NIC boots from the network');
  if (mode !== undefined && allowed !== 'mode') throw refuse('cannot have a mode: only bonds have one');
  return address;
}

/**
 * The cfgItems of a compact NIC plan such as `52:54:00:00:00:01 pxe 192.0.2.10/24 gw 192.0.2.1; bond0=<mac>+<mac> mode 4`; entries
 * are parted by semicolons or line ends (docs/batch.md). Throws ApiError `bad-argument` that names the entry and quotes nothing.
 * Whether the plan makes sense as a whole is for hostcfg to say.
 */
export function parseNicPlan(text: string): NicPlan {
  const nicCfgs: NicPlan['nicCfgs'][number][] = [];
  const bondings: NicPlan['bondings'][number][] = [];
  const vlans: NicPlan['vlans'][number][] = [];
  const entries = text
    .split(/[;\n]/)
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
  for (const [index, entry] of entries.entries()) {
    const refuse: Refuse = (fault) => new ApiError('bad-argument', `entry ${index + 1} ${fault}`);
    const words = entry.split(/\s+/);
    const [head = ''] = words;
    const equals = head.indexOf('=');
    const mac = parseMac(head);
    if (mac !== undefined) {
      const options = optionsOf(words.slice(1), refuse);
      nicCfgs.push({ mac, pxe: options.pxe === true, ...only('pxe', options, refuse) });
    } else if (head.toLowerCase() === 'vlan') {
      const [, vlanId = '', on = '', parent = '', ...rest] = words;
      if (on.toLowerCase() !== 'on' || parent === '' || !/^\d{1,4}$/.test(vlanId)) {
        throw refuse('is a VLAN; write vlan <id> on <MAC address or bond>');
      }
      vlans.push({ parent, vlanId, ...only('address', optionsOf(rest, refuse), refuse) });
    } else if (equals > 0) {
      const slaves = head
        .slice(equals + 1)
        .split('+')
        .map(parseMac);
      if (slaves.includes(undefined)) {
        throw refuse('is a bond; write <name>=<MAC address>+<MAC address> without blanks');
      }
      const options = optionsOf(words.slice(1), refuse);
      const mode = options.mode === undefined ? {} : { mode: options.mode };
      bondings.push({
        name: head.slice(0, equals),
        slaves: slaves.join(','),
        ...mode,
        ...only('mode', options, refuse),
      });
    } else throw refuse('must begin with a MAC address, with <bond>=<MAC address>+..., or with vlan');
  }
  return { nicCfgs, bondings, vlans };
}
