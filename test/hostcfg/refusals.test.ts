import { describe, expect, it } from 'vitest';
import { HostCfgError, parseCfgItems } from '../../src/hostcfg/index.ts';

const boot = { mac: '52:54:00:00:00:01', pxe: true };
const second = { mac: '52:54:00:00:00:02', ip: '192.0.2.10', netmask: '255.255.255.0' };

function fault(items: unknown): HostCfgError {
  try {
    parseCfgItems(items);
  } catch (error) {
    if (error instanceof HostCfgError) return error;
    throw error;
  }
  throw new Error('it was taken');
}

describe('parseCfgItems refuses', () => {
  it.each<[string, unknown, string, RegExp]>([
    ['nothing', undefined, 'cfgItems', /must be an object/],
    ['a list', [boot], 'cfgItems', /must be an object/],
    ['no NICs', {}, 'nicCfgs', /nicCfgs is missing\./],
    ['an empty list of NICs', { nicCfgs: [] }, 'nicCfgs', /nicCfgs is missing\./],
    ['NICs that are no list', { nicCfgs: { mac: 1 } }, 'nicCfgs', /must be a list/],
    ['a NIC that is no object', { nicCfgs: [7] }, 'nicCfgs[0]', /must be an object/],
    ['broken text', { nicCfgs: ['{"mac": '] }, 'nicCfgs[0]', /character 9.*too early/],
    ['code', { nicCfgs: ["{'mac': __import__('os')}"] }, 'nicCfgs[0]', /put texts in quotes/],
    [
      'members by prototype',
      { nicCfgs: ['{"__proto__": {"mac": "52:54:00:00:00:01", "pxe": true}}'] },
      'nicCfgs[0].mac',
      /missing/,
    ],
    ['no MAC', { nicCfgs: [{ pxe: true }] }, 'nicCfgs[0].mac', /missing/],
    ['a bad MAC', { nicCfgs: [{ ...boot, mac: '52:54:00:00:00' }] }, 'nicCfgs[0].mac', /no MAC address/],
    ['a MAC twice', { nicCfgs: [boot, { mac: '52-54-00-00-00-01' }] }, 'nicCfgs[1].mac', /listed twice/],
    ['no boot NIC', { nicCfgs: [second] }, 'nicCfgs', /There must be one and only one pxe=true\./],
    [
      'two boot NICs',
      { nicCfgs: [boot, { ...second, pxe: 'TRUE' }] },
      'nicCfgs',
      /one and only one pxe=true\./,
    ],
    ['an odd pxe', { nicCfgs: [{ ...boot, pxe: 'yes' }] }, 'nicCfgs[0].pxe', /true or false/],
    ['ip alone', { nicCfgs: [{ ...boot, ip: '192.0.2.1' }] }, 'nicCfgs[0].netmask', /both or neither/],
    ['netmask alone', { nicCfgs: [{ ...boot, netmask: '255.0.0.0' }] }, 'nicCfgs[0].ip', /both or neither/],
    [
      'a bad ip',
      { nicCfgs: [{ ...boot, ip: '192.0.2.256', netmask: '255.0.0.0' }] },
      'nicCfgs[0].ip',
      /no IPv4/,
    ],
    [
      'a torn netmask',
      { nicCfgs: [{ ...second, pxe: true, netmask: '255.0.255.0' }] },
      'nicCfgs[0].netmask',
      /no netmask/,
    ],
    [
      'netmask 0',
      { nicCfgs: [{ ...second, pxe: true, netmask: '0.0.0.0' }] },
      'nicCfgs[0].netmask',
      /no netmask/,
    ],
    [
      'the network address',
      { nicCfgs: [{ ...second, pxe: true, ip: '192.0.2.0' }] },
      'nicCfgs[0].ip',
      /network address/,
    ],
    [
      'the broadcast address',
      { nicCfgs: [{ ...second, pxe: true, ip: '192.0.2.255' }] },
      'nicCfgs[0].ip',
      /broadcast/,
    ],
    [
      'loopback',
      { nicCfgs: [{ ...second, pxe: true, ip: '127.0.0.5' }] },
      'nicCfgs[0].ip',
      /no address that a host/,
    ],
    [
      'multicast',
      { nicCfgs: [{ ...second, pxe: true, ip: '224.0.0.5' }] },
      'nicCfgs[0].ip',
      /no address that a host/,
    ],
    [
      'gateway without ip',
      { nicCfgs: [{ ...boot, gateway: '192.0.2.1' }] },
      'nicCfgs[0].gateway',
      /needs an ip/,
    ],
    [
      'a far gateway',
      { nicCfgs: [{ ...second, pxe: true, gateway: '192.0.3.1' }] },
      'nicCfgs[0].gateway',
      /not in the subnet/,
    ],
    [
      'itself as gateway',
      { nicCfgs: [{ ...second, pxe: true, gateway: second.ip }] },
      'nicCfgs[0].gateway',
      /own ip/,
    ],
    ['a bad dns', { nicCfgs: [{ ...boot, dns: 'one.one' }] }, 'nicCfgs[0].dns', /no IPv4/],
    [
      'an ip twice',
      { nicCfgs: [boot, second], vlans: [{ ...second, parent: boot.mac, vlanId: 5 }] },
      'vlans[0].ip',
      /twice/,
    ],
    [
      'a bond without name',
      { nicCfgs: [boot], bondings: [{ slaves: second.mac }] },
      'bondings[0].name',
      /missing/,
    ],
    [
      'a long bond name',
      { nicCfgs: [boot], bondings: [{ name: 'b'.repeat(16) }] },
      'bondings[0].name',
      /1 to 15/,
    ],
    [
      'a bond name with space',
      { nicCfgs: [boot], bondings: [{ name: 'a b' }] },
      'bondings[0].name',
      /cannot name/,
    ],
    [
      'a bond name as path',
      { nicCfgs: [boot], bondings: [{ name: '..' }] },
      'bondings[0].name',
      /cannot name/,
    ],
    [
      'a bond without slaves',
      { nicCfgs: [boot], bondings: [{ name: 'b', slaves: ' , ' }] },
      'bondings[0].slaves',
      /empty/,
    ],
    [
      'a bad slave',
      { nicCfgs: [boot], bondings: [{ name: 'b', slaves: ['eth0'] }] },
      'bondings[0].slaves',
      /no MAC/,
    ],
    [
      'bonding mode 7',
      { nicCfgs: [boot], bondings: [{ name: 'b', slaves: second.mac, mode: 7 }] },
      'bondings[0].mode',
      /0 to 6/,
    ],
    [
      'a slave in nicCfgs',
      { nicCfgs: [boot], bondings: [{ name: 'b', slaves: boot.mac }] },
      'bondings[0].slaves',
      /NIC 52:54:00:00:00:01 has been configured in nicCfgs, it cannot be bonding slave\./,
    ],
    [
      'a slave of two bonds',
      {
        nicCfgs: [boot],
        bondings: [
          { name: 'b', slaves: second.mac },
          { name: 'c', slaves: second.mac },
        ],
      },
      'bondings[1].slaves',
      /slave twice/,
    ],
    [
      'two bonds of one name',
      {
        nicCfgs: [boot],
        bondings: [
          { name: 'b', slaves: second.mac },
          { name: 'b', slaves: second.mac },
        ],
      },
      'bondings[1].name',
      /two bonds/,
    ],
    ['a VLAN on nothing', { nicCfgs: [boot], vlans: [{ vlanId: 1 }] }, 'vlans[0].parent', /missing/],
    [
      'a VLAN on a stranger',
      { nicCfgs: [boot], vlans: [{ parent: 'eth0', vlanId: 1 }] },
      'vlans[0].parent',
      /neither/,
    ],
    [
      'a VLAN on a slave',
      {
        nicCfgs: [boot],
        bondings: [{ name: 'b', slaves: second.mac }],
        vlans: [{ parent: second.mac, vlanId: 1 }],
      },
      'vlans[0].parent',
      /put the VLAN on b/,
    ],
    ['VLAN 0', { nicCfgs: [boot], vlans: [{ parent: boot.mac, vlanId: 0 }] }, 'vlans[0].vlanId', /1 to 4094/],
    [
      'VLAN 4095',
      { nicCfgs: [boot], vlans: [{ parent: boot.mac, vlanId: '4095' }] },
      'vlans[0].vlanId',
      /1 to 4094/,
    ],
    [
      'VLAN 1.5',
      { nicCfgs: [boot], vlans: [{ parent: boot.mac, vlanId: 1.5 }] },
      'vlans[0].vlanId',
      /1 to 4094/,
    ],
    [
      'a VLAN twice',
      {
        nicCfgs: [boot],
        vlans: [
          { parent: boot.mac, vlanId: 9 },
          { parent: '52-54-00-00-00-01', vlanId: '9' },
        ],
      },
      'vlans[1].vlanId',
      /VLAN 9 on 52:54:00:00:00:01 is listed twice/,
    ],
    ['300 NICs', { nicCfgs: Array.from({ length: 300 }, () => boot) }, 'nicCfgs', /more than 256/],
    ['a deep text', { nicCfgs: ['['.repeat(50_000)] }, 'nicCfgs[0]', /levels deep/],
    ['a long text', { nicCfgs: [' '.repeat(200_000)] }, 'nicCfgs[0]', /longer than/],
  ])('%s', (_what, items, path, text) => {
    const error = fault(items);
    expect(error.data['path']).toBe(path);
    expect(error.message).toMatch(text);
  });
});
