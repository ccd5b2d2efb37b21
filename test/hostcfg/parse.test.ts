import { spawnSync } from 'node:child_process';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bondingModeName, HostCfgError, type HostNetwork, parseCfgItems } from '../../src/hostcfg/index.ts';
import { cases } from '../support/cases.ts';
import { needTools } from '../support/need.ts';
import { pythonText, textMembers, wishes } from './arbitraries.ts';

function attempt(items: unknown): HostNetwork | HostCfgError {
  try {
    return parseCfgItems(items);
  } catch (error) {
    if (error instanceof HostCfgError) return error;
    throw error;
  }
}

const boot = { mac: '52:54:00:00:00:01', pxe: true };

describe('parseCfgItems takes', () => {
  it('what clients of ZStack send', () => {
    expect(
      parseCfgItems({
        nicCfgs: [
          "{'mac': '11:11:11:11:11:11', 'ip': '10.0.0.9', 'netmask': '255.255.255.0', 'gateway': 'null', 'pxe': 'TRUE'}",
          '{"mac":"AA-BB-CC-00-00-02","pxe":"false","ip":"","unheard":"of"}',
        ],
        bondings: ["{u'name': u'bond0', u'slaves': u'AA:BB:CC:00:00:03, aa:bb:cc:00:00:04'}"],
        vlans: [{ parent: 'aa:bb:cc:00:00:02', vlanId: '7', dns: null }],
      }),
    ).toEqual({
      nics: [
        { mac: '11:11:11:11:11:11', pxe: true, ip: '10.0.0.9', netmask: '255.255.255.0' },
        { mac: 'aa:bb:cc:00:00:02', pxe: false },
      ],
      bondings: [{ name: 'bond0', slaves: ['aa:bb:cc:00:00:03', 'aa:bb:cc:00:00:04'], mode: 4 }],
      vlans: [{ parent: 'aa:bb:cc:00:00:02', vlanId: 7 }],
    });
  });

  it('the whole map as one text, and lists as text', () => {
    const network = parseCfgItems({ nicCfgs: [boot] });
    expect(parseCfgItems(`{"nicCfgs": [{"mac": "52:54:00:00:00:01", "pxe": true}]}`)).toEqual(network);
    expect(
      parseCfgItems(`{'nicCfgs': ["{'mac': '52:54:00:00:00:01', 'pxe': 'true'}"], 'bondings': None}`),
    ).toEqual(network);
    expect(parseCfgItems({ nicCfgs: '[{"mac":"52:54:00:00:00:01","pxe":"True"}]', vlans: 'null' })).toEqual(
      network,
    );
  });

  it.each([
    [0, 'balance-rr'],
    ['1', 'active-backup'],
    ['balance-xor', 'balance-xor'],
    ['3', 'broadcast'],
    [undefined, '802.3ad'],
    ['802.3AD', '802.3ad'],
    [' balance-tlb ', 'balance-tlb'],
    [6, 'balance-alb'],
  ])('bonding mode %s as %s', (mode, name) => {
    const bond = { name: 'bond0', slaves: ['52:54:00:00:00:03'], mode };
    const network = parseCfgItems({ nicCfgs: [boot], bondings: [bond] });
    expect(network.bondings.map((each) => bondingModeName(each.mode))).toEqual([name]);
  });

  it('addresses of subnets without network address', () => {
    const cfg = { ...boot, ip: '192.0.2.0', netmask: '255.255.255.254', gateway: '192.0.2.1' };
    expect(parseCfgItems({ nicCfgs: [cfg] }).nics[0]?.gateway).toBe('192.0.2.1');
    const single = { ...boot, ip: '192.0.2.9', netmask: '255.255.255.255' };
    expect(parseCfgItems({ nicCfgs: [single] }).nics[0]?.ip).toBe('192.0.2.9');
  });

  it('three spellings of one host alike', () => {
    fc.assert(
      fc.property(wishes, (wish) => {
        const spelled = (spell: (entry: Readonly<Record<string, unknown>>) => unknown): unknown => ({
          nicCfgs: wish.nicCfgs.map(spell),
          bondings: wish.bondings.map(spell),
          vlans: wish.vlans.map(spell),
        });
        const plain = parseCfgItems(wish);
        expect(parseCfgItems(spelled((entry) => JSON.stringify(entry)))).toEqual(plain);
        expect(parseCfgItems(spelled(pythonText))).toEqual(plain);
        expect(parseCfgItems(spelled((entry) => pythonText(textMembers(entry))))).toEqual(plain);
        expect(parseCfgItems(JSON.stringify(spelled((entry) => JSON.stringify(textMembers(entry)))))).toEqual(
          plain,
        );
        expect(plain.nics.length + plain.bondings.length + plain.vlans.length).toBe(
          wish.nicCfgs.length + wish.bondings.length + wish.vlans.length,
        );
      }),
      { numRuns: cases(5000) },
    );
  }, 120_000);
});

describe('parseCfgItems of any junk', () => {
  it('is HostCfgError or a value', () => {
    const words = fc.constantFrom(
      'null',
      '',
      'TRUE',
      'true',
      '52:54:00:00:00:01',
      '10.0.0.1',
      '255.255.255.0',
      'bond0',
      4,
      true,
      null,
    );
    const entry = fc.dictionary(
      fc.constantFrom(
        'mac',
        'pxe',
        'ip',
        'netmask',
        'gateway',
        'dns',
        'name',
        'slaves',
        'mode',
        'parent',
        'vlanId',
        '__proto__',
      ),
      fc.oneof(words, words, fc.anything({ maxDepth: 2 })),
    );
    const torn = entry
      .chain((map) => fc.tuple(fc.constant(pythonText(map)), fc.nat(80), fc.string({ maxLength: 4 })))
      .map(([text, at, junk]) => `${text.slice(0, at)}${junk}${text.slice(at + junk.length)}`);
    const list = fc.oneof(
      fc.array(fc.oneof(entry, torn, fc.anything({ maxDepth: 1 })), { maxLength: 4 }),
      fc.anything({ maxDepth: 1 }),
    );
    const nearly = fc.tuple(wishes, entry, fc.nat(4)).map(([wish, extra, at]) => ({
      ...wish,
      nicCfgs: wish.nicCfgs.map((nic, index) => (index === at ? { ...nic, ...extra } : nic)),
      vlans: wish.vlans.map((vlan, index) => (index === at ? { ...vlan, ...extra } : vlan)),
    }));
    const items = fc.oneof(
      nearly,
      fc.record({ nicCfgs: list, bondings: list, vlans: list }, { requiredKeys: ['nicCfgs'] }),
      torn,
      fc.anything(),
    );
    let taken = 0;
    fc.assert(
      fc.property(items, (junk) => {
        const outcome = attempt(junk);
        if (outcome instanceof HostCfgError) return /^[\x20-\x7e]+$/.test(outcome.message);
        taken += 1;
        return outcome.nics.filter(({ pxe }) => pxe).length === 1;
      }),
      { numRuns: cases(100_000) },
    );
    expect(taken).toBeGreaterThan(100);
  }, 300_000);
});

describe.skipIf(!needTools({ tool: 'python3', package: 'python3' }))('parseCfgItems beside Python', () => {
  it('reads what str(dict) writes', () => {
    const texts = fc.sample(
      fc.string({ unit: 'binary', maxLength: 12 }).filter((text) => !/\p{Cs}/u.test(text)),
      {
        numRuns: 300,
        seed: 7,
      },
    );
    const program =
      'import json,sys\nprint(json.dumps([str({"mac": "52:54:00:00:00:01", "pxe": True, "ip": None, "dns": t}) for t in json.load(sys.stdin)]))';
    const python = spawnSync('python3', ['-c', program], { input: JSON.stringify(texts), encoding: 'utf8' });
    const written = JSON.parse(python.stdout) as string[];
    expect(written).toHaveLength(texts.length);
    for (const text of written) {
      // The dns is nonsense nearly always; that it alone is found faulty proves that the text was read to its end.
      const outcome = attempt({ nicCfgs: [text] });
      const place = outcome instanceof HostCfgError ? outcome.data['path'] : outcome.nics[0]?.dns;
      expect([undefined, 'nicCfgs[0].dns']).toContain(place);
    }
  });
});
