import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseNicPlan } from '../../src/api/batch/nic-plan.ts';
import { ApiError } from '../../src/api/errors.ts';
import { type Ipv4, prefixOfNetmask } from '../../src/base/ipv4.ts';
import { parseCfgItems } from '../../src/hostcfg/index.ts';
import { wishes } from '../hostcfg/arbitraries.ts';
import { cases } from '../support/cases.ts';

type Members = Readonly<Record<string, string | number | boolean | undefined>>;

/** The options of one entry as short-form words, each a group that may move. */
function groupsOf(entry: Members): string[] {
  const { ip, netmask, gateway, dns, mode, pxe } = entry;
  return [
    ...(pxe === true ? ['pxe'] : []),
    ...(mode === undefined ? [] : [`mode ${mode}`]),
    ...(ip === undefined ? [] : [`${ip}/${prefixOfNetmask(netmask as Ipv4)}`]),
    ...(gateway === undefined ? [] : [`gw ${gateway}`]),
    ...(dns === undefined ? [] : [`dns ${dns}`]),
  ];
}

function headOf(entry: Members): string {
  if (entry['vlanId'] !== undefined) return `vlan ${entry['vlanId']} on ${entry['parent']}`;
  if (entry['slaves'] === undefined) return String(entry['mac']);
  return `${entry['name']}=${String(entry['slaves']).replaceAll(',', '+')}`;
}

const spelling = fc.record({
  reverse: fc.boolean(),
  upper: fc.boolean(),
  blank: fc.constantFrom(' ', '  ', '\t'),
  part: fc.constantFrom(';', '; ', '\n', '\r\n', ' ;\n; '),
});

it('means what the same host means as cfgItems, in any order and spelling', () => {
  fc.assert(
    fc.property(wishes, spelling, (wish, { reverse, upper, blank, part }) => {
      const entries: readonly Members[] = [...wish.nicCfgs, ...wish.bondings, ...wish.vlans];
      const text = entries
        .map((entry) => {
          const groups = reverse ? groupsOf(entry).toReversed() : groupsOf(entry);
          const words = groups.map((group) => (upper ? group.toUpperCase() : group));
          // Bond names are told apart by case.
          return [headOf(entry), ...words].join(' ').replaceAll(' ', blank);
        })
        .join(part);
      expect(parseCfgItems(parseNicPlan(text))).toEqual(parseCfgItems(wish));
    }),
    { numRuns: cases(20_000) },
  );
});

it('reads the sample of the documentation', () => {
  const text =
    '52:54:00:00:02:01 pxe; bond0=52-54-00-00-02-02+52:54:00:00:02:03 mode 802.3ad 192.0.2.12/24 gw 192.0.2.1; VLAN 100 on bond0 198.51.100.12/24;';
  expect(parseNicPlan(text)).toEqual({
    nicCfgs: [{ mac: '52:54:00:00:02:01', pxe: true }],
    bondings: [
      {
        name: 'bond0',
        slaves: '52:54:00:00:02:02,52:54:00:00:02:03',
        mode: '802.3ad',
        ip: '192.0.2.12',
        netmask: '255.255.255.0',
        gateway: '192.0.2.1',
      },
    ],
    vlans: [{ parent: 'bond0', vlanId: '100', ip: '198.51.100.12', netmask: '255.255.255.0' }],
  });
});

const mac = '52:54:00:00:00:01';
it.each([
  ['eth0 pxe', 'entry 1 must begin with a MAC address'],
  [`${mac}; ${mac} boot`, 'entry 2 has a word that is none of'],
  [`${mac} pxe pxe`, 'entry 1 says the same thing twice'],
  [`${mac} 192.0.2.1/24 192.0.2.2/24`, 'entry 1 says the same thing twice'],
  [`${mac} 192.0.2.10`, 'entry 1 has a word that is none of'],
  [`${mac} 192.0.2.10/0`, 'prefix length'],
  [`${mac} 192.0.2.10/33`, 'prefix length'],
  [`${mac} 192.0.2.10/255.255.255.0`, 'prefix length'],
  [`${mac} 192.0.2.310/24`, 'prefix length'],
  [`${mac} gw`, 'gw needs an address after it'],
  [`${mac} dns pxe`, 'dns needs an address after it'],
  [`${mac} mode 4`, 'entry 1 cannot have a mode'],
  [`bond0=${mac} pxe`, 'entry 1 cannot have pxe'],
  [`bond0=${mac} mode`, 'mode needs a bonding mode'],
  [`bond0=${mac},52:54:00:00:00:02`, 'entry 1 is a bond'],
  ['bond0=', 'entry 1 is a bond'],
  [`=${mac}`, 'entry 1 must begin with'],
  [`vlan 5 ${mac}`, 'entry 1 is a VLAN'],
  ['vlan 5 on', 'entry 1 is a VLAN'],
  [`vlan five on ${mac}`, 'entry 1 is a VLAN'],
  [`vlan 5 on ${mac} pxe`, 'entry 1 cannot have pxe'],
])('refuses %j', (text, words) => {
  expect(() => parseNicPlan(text)).toThrow(words);
  expect(() => parseNicPlan(text)).toThrow(ApiError);
});

it('refuses any other text without quoting a word of it', () => {
  // Begins as no word of our own texts does.
  const word = fc.stringMatching(/^Q[A-Z0-9!$=+/:.-]{5,19}$/);
  fc.assert(
    fc.property(fc.array(fc.oneof(word, fc.constant(mac)), { minLength: 1, maxLength: 4 }), (words) => {
      try {
        parseNicPlan(words.join(' '));
      } catch (error) {
        expect(error).toBeInstanceOf(ApiError);
        for (const text of words) {
          if (text !== mac) expect((error as ApiError).message).not.toContain(text);
        }
      }
    }),
    { numRuns: cases(20_000) },
  );
});
