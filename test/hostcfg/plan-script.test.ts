import { readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type HostNetwork, parseCfgItems, renderKickstart } from '../../src/hostcfg/index.ts';
import { renderPlanScript } from '../../src/hostcfg/plan-script.ts';
import { type KickstartCommand, parseKickstart } from '../support/kickstart-check.ts';
import { needTools } from '../support/need.ts';
import { runScript, type ShellResult, shells, shellTools, temporaryFolder } from '../support/shells.ts';
import { wishes } from './arbitraries.ts';
import { type FakeDisk, type FakeNic, layFakeSysfs } from './fake-sysfs.ts';
import { bondedInput, plainInput } from './samples.ts';

const boot: FakeNic = { name: 'ens3', mac: '52:54:00:00:00:01' };
const usb = 'pci0000:00/0000:00:14.0/usb1/1-2/1-2:1.0/host6';

interface Planned extends ShellResult {
  /** The lines that the script wrote, as the kickstart includes them; undefined when it wrote none. */
  readonly files: Readonly<Record<'network' | 'disk', string | undefined>>;
}

describe.skipIf(!needTools(...shellTools)).each(shells)('the plan script in %s', (_shell, ...command) => {
  let folder = '';
  beforeEach(() => {
    folder = temporaryFolder();
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const read = (name: string): string | undefined => {
    try {
      return readFileSync(join(folder, `rackwright-${name}.ks`), 'utf8');
    } catch {
      return undefined;
    }
  };
  const run = async (
    script: string,
    disks: readonly FakeDisk[],
    nics: readonly FakeNic[],
  ): Promise<Planned> => {
    const sys = layFakeSysfs(join(folder, 'sys'), disks, nics);
    const result = await runScript(command, script, folder, {
      RACKWRIGHT_SYS: sys,
      RACKWRIGHT_OUT: folder,
      RACKWRIGHT_WAIT: '0',
      RACKWRIGHT_PAUSE: '0',
    });
    return { ...result, files: { network: read('network'), disk: read('disk') } };
  };
  const plan = (
    disks: readonly FakeDisk[],
    nics: readonly FakeNic[] = [boot],
    network = plainInput.network,
  ): Promise<Planned> => run(renderPlanScript(network, true, undefined), disks, nics);

  describe('takes the first real disk', () => {
    it.each<[string, readonly FakeDisk[], string]>([
      ['nvme before sd before vd', [{ name: 'vda' }, { name: 'sda' }, { name: 'nvme0n1' }], 'nvme0n1'],
      ['by number, not by spelling', [{ name: 'nvme10n1' }, { name: 'nvme2n1' }], 'nvme2n1'],
      ['sdb before sdaa', [{ name: 'sdaa' }, { name: 'sdb' }], 'sdb'],
      ['not a USB stick', [{ name: 'sda', bus: usb }, { name: 'sdb' }], 'sdb'],
      ['not a removable one', [{ name: 'sda', removable: 1 }, { name: 'sdb' }], 'sdb'],
      ['not a read-only one', [{ name: 'sda', ro: 1 }, { name: 'sdb' }], 'sdb'],
      ['not an empty one', [{ name: 'sda', size: 0 }, { name: 'sdb' }], 'sdb'],
      [
        'not one of 64 MiB',
        [
          { name: 'sda', size: 131_072 },
          { name: 'sdb', size: 131_073 },
        ],
        'sdb',
      ],
      [
        'not media of a BMC',
        [{ name: 'sda', vendor: 'AMI', model: 'Virtual HDisk0' }, { name: 'sdb' }],
        'sdb',
      ],
      [
        'a virtual disk of a RAID controller',
        [{ name: 'sda', vendor: 'DELL', model: 'Virtual Disk' }],
        'sda',
      ],
      [
        'not a path of multipath NVMe',
        [{ name: 'nvme0c0n1' }, { name: 'nvme1n1', hidden: 1 }, { name: 'nvme0n1' }],
        'nvme0n1',
      ],
      [
        'no loop, CD or RAM disk',
        [{ name: 'loop0' }, { name: 'sr0' }, { name: 'ram0' }, { name: 'vda' }],
        'vda',
      ],
    ])('%s', async (_what, disks, wanted) => {
      const planned = await plan(disks);
      expect(planned.stderr).toBe(`rackwright: installs on ${wanted}\n`);
      expect(planned.status).toBe(0);
      expect(planned.files.disk).toBe(
        `ignoredisk --only-use=${wanted}\nzerombr\nclearpart --all --initlabel --drives=${wanted}\nautopart\nbootloader --location=mbr --boot-drive=${wanted}\n`,
      );
    });

    it('or stops, says what it saw and tells Rackwright', async () => {
      const told: string[] = [];
      const server = createServer((request, response) => {
        request.on('data', (part: Buffer) => told.push(part.toString()));
        request.on('end', () => response.end());
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/failed`;
      const disks = [
        { name: 'sda', bus: usb },
        { name: 'sdb', ro: 1 },
        { name: 'vda', size: 'x' },
      ];
      const planned = await run(renderPlanScript(plainInput.network, true, url), disks, [boot]);
      await new Promise((resolve) => void server.close(resolve));
      const reason =
        'there is no disk to install on; seen: sda (on USB) sdb (read-only) vda (of unknown size) ';
      expect(planned.status).toBe(1);
      expect(planned.stderr).toBe(`rackwright: ${reason}. No disk was touched.\n`);
      expect(told).toEqual([reason]);
      expect(planned.files.disk).toBeUndefined();
    });

    it('and none when a person chooses', async () => {
      const planned = await run(
        renderPlanScript(plainInput.network, false, undefined),
        [{ name: 'sda' }],
        [boot],
      );
      expect(planned).toMatchObject({ status: 0, stderr: '' });
      expect(planned.files.disk).toBeUndefined();
    });
  });

  describe('finds NICs by MAC', () => {
    const disks = [{ name: 'sda' }];
    const nics: readonly FakeNic[] = [
      boot,
      { name: 'enp129s0f1np1', mac: '52:54:00:00:00:02' },
      { name: 'eno1', mac: '52:54:00:00:00:03' },
      { name: 'eno2', mac: '52:54:00:00:00:04' },
      { name: 'eno3', mac: '52:54:00:00:00:05' },
    ];

    it('and writes them, bonds and VLANs with names', async () => {
      const planned = await run(renderPlanScript(bondedInput.network, true, undefined), disks, nics);
      expect(planned).toMatchObject({ status: 0 });
      expect(planned.files.network?.split('\n')).toEqual([
        'network --device=ens3 --bootproto=static --ip=192.0.2.10 --netmask=255.255.255.0 --nameserver=192.0.2.53 --onboot=on --no-activate --bindto=mac',
        'network --device=enp129s0f1np1 --noipv4 --noipv6 --onboot=on --no-activate --bindto=mac',
        'network --device=bond0 --bondslaves=eno1,eno2 --bondopts=mode=802.3ad,miimon=100 --bootproto=static --ip=198.51.100.10 --netmask=255.255.255.0 --gateway=198.51.100.1 --onboot=on --no-activate --bindto=mac',
        'network --device=storage --bondslaves=eno3 --bondopts=mode=active-backup,miimon=100 --noipv4 --noipv6 --onboot=on --no-activate --bindto=mac',
        'network --device=storage --vlanid=100 --interfacename=storage.100 --bootproto=static --ip=203.0.113.10 --netmask=255.255.255.128 --onboot=on --no-activate',
        'network --device=enp129s0f1np1 --vlanid=4094 --interfacename=vlan4094 --noipv4 --noipv6 --onboot=on --no-activate',
        '',
      ]);
    });

    it('not what stands on them', async () => {
      const others: readonly FakeNic[] = [
        { name: 'br0', mac: boot.mac, kind: 'stacked' },
        { name: 'team0', mac: boot.mac, kind: 'virtual' },
        { name: 'ens3.5', mac: boot.mac, kind: 'stacked' },
        { name: 'bond9', mac: boot.mac, kind: 'stacked' },
      ];
      const planned = await plan(disks, [...others, boot]);
      expect(planned.files.network).toMatch(/^network --device=ens3 /);
    });

    it.each<[string, readonly FakeNic[], RegExp]>([
      [
        'a missing NIC',
        [{ name: 'eno1', mac: '52:54:00:00:00:99' }],
        /NIC 52:54:00:00:00:01 of the hostcfg is not in this machine.*here are: eno1 52:54:00:00:00:99;/,
      ],
      [
        'one MAC on two NICs',
        [boot, { ...boot, name: 'ens4' }],
        /52:54:00:00:00:01 is on several NICs: ens3 ens4/,
      ],
      ['no NIC at all', [], /is not in this machine/],
    ])('and stops over %s before any disk', async (_what, found, text) => {
      const planned = await plan(disks, found);
      expect(planned.status).toBe(1);
      expect(planned.stderr).toMatch(text);
      expect(planned.files.disk).toBeUndefined();
    });

    it('and stops when a bond would take the name of a NIC', async () => {
      const network = parseCfgItems({
        nicCfgs: [{ mac: boot.mac, pxe: true }],
        bondings: [{ name: 'eno9', slaves: '52:54:00:00:00:03' }],
      });
      const planned = await plan(disks, [...nics, { name: 'eno9', mac: '52:54:00:00:00:09' }], network);
      expect(planned.status).toBe(1);
      expect(planned.stderr).toContain('a bond cannot be named eno9');
    });
  });

  it('writes for any valid host what the checker takes', async () => {
    const hosts = fc.sample(wishes, { numRuns: 12, seed: 5 });
    for (const [index, wish] of hosts.entries()) {
      const network = parseCfgItems(wish);
      const macs = [
        ...network.nics.map(({ mac }) => mac),
        ...network.bondings.flatMap(({ slaves }) => slaves),
      ];
      const nics = macs.map((mac, at) => ({
        name: index % 2 === 0 ? `eth${at}` : `enp129s0f${at}np${at}`,
        mac,
      }));
      const kickstart = renderKickstart({ ...bondedInput, network });
      const script = parseKickstart(kickstart).scripts[1]?.body ?? '';
      const planned = await run(script, [{ name: 'sda' }], nics);
      expect(planned).toMatchObject({ status: 0 });
      const whole = parseKickstart(kickstart, {
        '/tmp/rackwright-network.ks': planned.files.network ?? '',
        '/tmp/rackwright-disk.ks': planned.files.disk ?? '',
      });
      expect(meaning(whole.commands, nics)).toEqual(wanted(network));
      rmSync(join(folder, 'sys'), { recursive: true });
    }
  }, 60_000);
});

/** What network commands say, names turned back to MACs. */
function meaning(commands: readonly KickstartCommand[], nics: readonly FakeNic[]): readonly string[] {
  const back = (name: string): string => nics.find((nic) => nic.name === name)?.mac ?? name;
  const interfaces = new Set<string>();
  return commands
    .filter(({ name, options }) => name === 'network' && options.has('--device'))
    .map(({ options }) => {
      const get = (name: string): string => options.get(name) ?? '';
      const own = options.has('--vlanid') ? get('--interfacename') : get('--device');
      expect(interfaces.has(own), `interface ${own} twice`).toBe(false);
      interfaces.add(own);
      const slaves = options.has('--bondslaves') ? get('--bondslaves').split(',').map(back).join(',') : '';
      return [
        back(get('--device')),
        slaves,
        get('--vlanid'),
        get('--ip'),
        get('--netmask'),
        get('--gateway'),
      ].join(' ');
    });
}

function wanted({ nics, bondings, vlans }: HostNetwork): readonly string[] {
  const address = (
    cfg: HostNetwork['nics'][number] | HostNetwork['bondings'][number] | HostNetwork['vlans'][number],
  ): string => [cfg.ip, cfg.netmask, cfg.gateway].map((each) => each ?? '').join(' ');
  return [
    ...nics.map((nic) => `${nic.mac}   ${address(nic)}`),
    ...bondings.map((bond) => `${bond.name} ${bond.slaves.join(',')}  ${address(bond)}`),
    ...vlans.map((vlan) => `${vlan.parent}  ${vlan.vlanId} ${address(vlan)}`),
  ];
}
