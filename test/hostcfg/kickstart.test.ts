import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Ipv4 } from '../../src/base/ipv4.ts';
import type { Mac } from '../../src/base/mac.ts';
import {
  HostCfgError,
  type KickstartInput,
  parseCfgItems,
  renderKickstart,
} from '../../src/hostcfg/index.ts';
import { cases } from '../support/cases.ts';
import { type Kickstart, parseKickstart } from '../support/kickstart-check.ts';
import { wishes } from './arbitraries.ts';
import { attendedInput, bondedInput, plainInput } from './samples.ts';

const named = (read: Kickstart, name: string): readonly unknown[] =>
  read.commands.filter((each) => each.name === name);
const option = (read: Kickstart, name: string, key: string): string | undefined =>
  read.commands.find((each) => each.name === name && each.options.has(key))?.options.get(key);

describe('renderKickstart', () => {
  it('stops before a disk unless Rackwright agreed: begin comes first, each script stops the installer', () => {
    const read = parseKickstart(renderKickstart(bondedInput));
    expect(read.scripts.map(({ kind }) => kind)).toEqual(['pre', 'pre', 'post', 'onerror']);
    expect(read.scripts[0]?.body).toContain(`BEGIN_URL=${bondedInput.beginUrl}\n`);
    expect(read.scripts[2]?.body).toContain(`END_URL=${bondedInput.endUrl}\n`);
    for (const script of read.scripts.slice(0, 3)) {
      expect(script.options.has('--erroronfail')).toBe(true);
      expect(script.options.get('--interpreter')).toBe('/bin/sh');
    }
  });

  it('names no disk and erases none before the machine was looked at', () => {
    for (const input of [plainInput, bondedInput, attendedInput]) {
      const read = parseKickstart(renderKickstart(input));
      for (const destructive of ['clearpart', 'zerombr', 'autopart', 'ignoredisk']) {
        expect(named(read, destructive)).toEqual([]);
      }
    }
  });

  it('erases only unattended', () => {
    expect(parseKickstart(renderKickstart(plainInput)).includes).toContain('/tmp/rackwright-disk.ks');
    const attended = renderKickstart(attendedInput);
    expect(parseKickstart(attended).includes).toEqual(['/tmp/rackwright-network.ks']);
    expect(attended).not.toMatch(/clearpart|zerombr|autopart|ignoredisk/);
  });

  it('asks for a screen that VNC can show, and for its password', () => {
    const read = parseKickstart(renderKickstart(bondedInput));
    expect(named(read, 'graphical')).toHaveLength(1);
    expect(option(read, 'vnc', '--password')).toBe(bondedInput.vncPassword);
    const plain = parseKickstart(renderKickstart(plainInput));
    expect(named(plain, 'vnc')).toEqual([]);
    expect(named(plain, 'text')).toHaveLength(1);
  });

  it('sets the crypted password or locks the account', () => {
    const read = parseKickstart(renderKickstart(bondedInput));
    expect(named(read, 'rootpw')).toMatchObject([{ positional: [bondedInput.rootPasswordCrypt] }]);
    expect(renderKickstart(plainInput)).toContain('\nrootpw --lock\n');
  });

  it('renders the source, the name and the failure report only when there is one', () => {
    expect(option(parseKickstart(renderKickstart(bondedInput)), 'url', '--url')).toBe(bondedInput.installUrl);
    expect(option(parseKickstart(renderKickstart(bondedInput)), 'network', '--hostname')).toBe(
      bondedInput.hostname,
    );
    const bare = parseKickstart(renderKickstart({ ...plainInput, installUrl: undefined }));
    expect(named(bare, 'url')).toEqual([]);
    expect(named(bare, 'network')).toEqual([]);
    expect(bare.scripts.map(({ kind }) => kind)).toEqual(['pre', 'pre', 'post']);
  });

  it.each<[keyof KickstartInput, unknown]>([
    ['hostname', 'a b'],
    ['hostname', '-a'],
    ['hostname', 'a..b'],
    ['hostname', 'a'.repeat(65)],
    ['rootPasswordCrypt', 'clear'],
    ['rootPasswordCrypt', '$1$abc$def'],
    ['vncPassword', 'short'],
    ['vncPassword', 'nine chars'],
    ['installUrl', 'file:///etc'],
    ['installUrl', 'http://a/\n%end'],
    ['beginUrl', 'http://a/ b'],
    ['endUrl', 'javascript:1'],
    ['failedUrl', 'http://ä/'],
  ])('refuses a bad %s without showing it', (name, value) => {
    let error: unknown;
    try {
      renderKickstart({ ...bondedInput, [name]: value });
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(HostCfgError);
    expect((error as HostCfgError).data).toEqual({ path: name });
    expect((error as HostCfgError).message).not.toContain(String(value));
  });

  it('renders any valid host into what the checker takes, the same each time', () => {
    fc.assert(
      fc.property(wishes, fc.boolean(), fc.boolean(), (wish, unattended, vnc) => {
        const input = { ...bondedInput, network: parseCfgItems(wish), unattended, vnc };
        const text = renderKickstart(input);
        expect(renderKickstart(input)).toBe(text);
        expect(parseKickstart(text).scripts).toHaveLength(4);
      }),
      { numRuns: cases(5000) },
    );
  }, 120_000);

  it('lets no value out of its place', () => {
    const marks = [
      "'",
      '"',
      '\\',
      '%end',
      '$(touch${IFS}x)',
      '`id`',
      '#',
      ';reboot;',
      '${x}',
      '[a-z]',
      'a',
      '1',
    ];
    const joined = (parts: fc.Arbitrary<string>): fc.Arbitrary<string> =>
      fc.array(parts, { minLength: 1, maxLength: 5 }).map((list) => list.join(''));
    const visible = joined(fc.constantFrom(...marks));
    const hostile = fc.oneof(
      { arbitrary: visible, weight: 30 },
      {
        arbitrary: joined(
          fc.oneof(fc.constantFrom('\n%end\n', '\r', '\u2028', ' ', '\0'), fc.string({ maxLength: 4 })),
        ),
        weight: 1,
      },
    );
    const url = hostile.map((text) => `http://192.0.2.1/${text}`);
    const inputs = fc.record({
      hostname: fc.oneof(
        { arbitrary: fc.constantFrom(undefined, 'node.example'), weight: 30 },
        { arbitrary: hostile, weight: 1 },
      ),
      vncPassword: hostile.map((text) => text.padEnd(6, '!').slice(0, 8)),
      installUrl: url,
      beginUrl: url,
      endUrl: url,
      failedUrl: url,
      bond: hostile,
      mac: hostile,
      ip: hostile,
    });
    let taken = 0;
    fc.assert(
      fc.property(inputs, ({ bond, mac, ip, ...rest }) => {
        // Values that parseCfgItems would refuse: what a broken store could hand over.
        const address = { ip: ip as Ipv4, netmask: ip as Ipv4, gateway: ip as Ipv4, dns: ip as Ipv4 };
        const network = {
          nics: [{ mac: mac as Mac, pxe: true, ...address }],
          bondings: [{ name: bond, slaves: [mac as Mac], mode: 4 as const, ...address }],
          vlans: [{ parent: bond, vlanId: 5, ...address }],
        };
        let text: string;
        try {
          text = renderKickstart({ ...plainInput, vnc: true, ...rest, network });
        } catch (error) {
          if (error instanceof HostCfgError) return true;
          throw error;
        }
        taken += 1;
        const read = parseKickstart(text);
        return (
          read.scripts.length === 4 &&
          option(read, 'vnc', '--password') === rest.vncPassword &&
          option(read, 'url', '--url') === rest.installUrl &&
          option(read, 'network', '--hostname') === rest.hostname
        );
      }),
      { numRuns: cases(20_000) },
    );
    expect(taken).toBeGreaterThan(500);
  }, 120_000);
});
