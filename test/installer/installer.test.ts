import { createHash } from 'node:crypto';
import { closeSync, openSync, readFileSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildInstaller } from '../../hardware-lab/installer/build.ts';
import { diskImageTools } from '../../hardware-lab/installer/disk-image.ts';
import { defaultCache } from '../../inspector/build.ts';
import type { BootFiles } from '../../inspector/builder/outputs.ts';
import { parseCfgItems, renderKickstart } from '../../src/hostcfg/index.ts';
import { makeBootLan, needBootLan, type BootLan, type Machine } from '../support/boot-lan.ts';
import { needTools } from '../support/need.ts';

const mac = (n: number): string => `52:54:00:00:01:0${n}`;
const nics = [
  { model: 'virtio-net-pci', mac: mac(0) },
  { model: 'e1000', mac: mac(1) },
  { model: 'e1000', mac: mac(2) },
];

/** Names are looked up by MAC, as every kickstart of a machine with several NICs must. */
const plan = `name_of() {
  for nic in /sys/class/net/*; do [ "$(cat $nic/address)" = "$1" ] && [ -e $nic/device ] && basename $nic; done
}
cat >/tmp/network.ks <<KS
network --device=$(name_of ${mac(0)}) --bootproto=static --ip=192.0.2.20 --netmask=255.255.255.0 --gateway=192.0.2.1 --bindto=mac
network --device=bond0 "--bondslaves=$(name_of ${mac(1)}),$(name_of ${mac(2)})" --bondopts=mode=802.3ad,miimon=100 --bootproto=static --ip=198.51.100.20 --netmask=255.255.255.0
network --device=bond0 --vlanid=100 --interfacename=bond0.100 --bootproto=static --ip=203.0.113.20 --netmask=255.255.255.0 --no-activate
KS
echo 'ignoredisk --only-use=vda' >/tmp/disk.ks
`;
const kickstart = `# as a renderer would write it
text
lang en_US.UTF-8
keyboard --vckeymap=us
timezone UTC --utc
rootpw --iscrypted '$6$salt$hash'
url --url=http://192.0.2.1:8000/tree
firstboot --disable
skipx
%include /tmp/network.ks
%include /tmp/disk.ks
zerombr
clearpart --all --initlabel --drives=vda
autopart
bootloader --location=mbr --boot-drive=vda
reboot

%packages
@^minimal-environment
%end

%pre --interpreter=/bin/sh --erroronfail --log=/tmp/begin.log
wget -q -O /dev/null --post-data begin http://192.0.2.1:8000/begin
%end

%pre --interpreter=/bin/sh
${plan}%end

%post --interpreter=/bin/sh
wget -q -O /dev/null --post-data "end $(ls /)" http://192.0.2.1:8000/end
%end
`;

const rendered = renderKickstart({
  hostname: 'node-7.example',
  rootPasswordCrypt: undefined,
  vnc: false,
  vncPassword: undefined,
  unattended: true,
  network: parseCfgItems({
    nicCfgs: [{ mac: mac(0), pxe: true }],
    bondings: [
      { name: 'bond0', slaves: `${mac(1)},${mac(2)}`, ip: '198.51.100.7', netmask: '255.255.255.0' },
    ],
    vlans: [{ parent: 'bond0', vlanId: 7, ip: '203.0.113.7', netmask: '255.255.255.0' }],
  }),
  installUrl: 'http://192.0.2.1:8000/tree',
  beginUrl: 'http://192.0.2.1:8000/begin',
  endUrl: 'http://192.0.2.1:8000/end',
});

const tools = Object.entries(diskImageTools).map(([tool, name]) => ({ tool, package: name }));
const able = needBootLan() && needTools(...tools);

describe.skipIf(!able)('stand-in installer', () => {
  let files: BootFiles;
  let lan: BootLan;
  let disk: string;

  beforeAll(async () => {
    files = await buildInstaller({
      out: join(defaultCache, 'installer'),
      cache: defaultCache,
      log: () => {},
    });
    lan = await makeBootLan({
      '/ks': { body: kickstart, statuses: [200, 410] },
      '/ks-unknown': { body: `${kickstart}\nraid / --level=1\n`, statuses: [200, 410] },
      '/ks-pre': { body: kickstart.replace(':8000/begin', ':8000/refused'), statuses: [200, 410] },
      '/ks-rendered': { body: rendered, statuses: [200, 410] },
      '/begin': { statuses: [204] },
      '/refused': { statuses: [403] },
      '/end': { statuses: [204] },
    });
    disk = join(lan.folder, 'disk.img');
  }, 300_000);
  afterAll(() => lan?.close());

  const blank = (): void => {
    closeSync(openSync(disk, 'w'));
    truncateSync(disk, 128 * 2 ** 20);
  };
  const diskArg = (): [string, string] => ['-drive', `file=${disk},format=raw,if=virtio`];
  const install = (path: string): Promise<string> =>
    lan.boot({
      args: [diskArg()],
      kernel: {
        ...files,
        append: `console=ttyS0 BOOTIF=01-${mac(0).replaceAll(':', '-')} ip=dhcp inst.ks=http://${lan.server}:8000${path}`,
      },
      nics,
      limitMs: 120_000,
    });
  const bootDisk = (firmware: Machine['args']): Promise<string> =>
    lan.boot({
      args: [diskArg(), ...firmware],
      nics,
      until: /RACKWRIGHT-LAB DISK READY/,
      limitMs: 90_000,
    });
  const isBlank = (): boolean => readFileSync(disk).every((byte) => byte === 0);

  it.each([
    ['/ks-unknown', 'RACKWRIGHT-LAB REFUSED: unknown command: raid / --level=1'],
    ['/ks-pre', 'RACKWRIGHT-LAB PRE FAILED'],
  ])(
    'writes nothing after %s',
    async (path, reason) => {
      blank();
      expect(await install(path)).toContain(reason);
      expect(isBlank()).toBe(true);
      expect(lan.requests.filter((request) => request.path === path)).toHaveLength(1);
    },
    100_000,
  );

  it('installs what a kickstart says, and the disk boots on UEFI', async () => {
    blank();
    const before = lan.requests.length;
    const text = await install('/ks');
    const marker = createHash('sha256').update(kickstart).digest('hex').slice(0, 16);
    expect(text).toContain('stand-in installer, not Anaconda');
    expect(text).toMatch(
      /RACKWRIGHT-LAB BOND bond0 mode=802.3ad slaves=eth\d,eth\d mii=up addr=198.51.100.20\/24/,
    );
    expect(text).toContain(`RACKWRIGHT-LAB INSTALLED ${marker}`);
    expect(text).not.toContain('$6$salt');
    const requests = lan.requests.slice(before);
    expect(requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'GET /ks',
      'POST /begin',
      'POST /end',
    ]);
    expect(requests[2]).toMatchObject({ from: '192.0.2.20' });
    // A root of its own, not the installer's.
    expect(requests[2]?.body).not.toContain('mnt');

    const booted = await bootDisk([['-bios', '/usr/share/ovmf/OVMF.fd']]);
    expect(booted).toContain(`RACKWRIGHT-LAB DISK BOOT ${marker}`);
    expect(booted).toMatch(/RACKWRIGHT-LAB BOND bond0 mode=802.3ad .* mii=up/);
    expect(booted).toContain('RACKWRIGHT-LAB VLAN bond0.100 id=100 parent=bond0 addr=203.0.113.20/24');
  }, 240_000);

  it('understands what hostcfg renders, and the disk boots on BIOS with that network', async () => {
    blank();
    const text = await install('/ks-rendered');
    expect(text).toContain('bond0: for the installed system, not activated here');
    expect(text).toContain('RACKWRIGHT-LAB INSTALLED');
    const booted = await bootDisk([]);
    expect(booted).toMatch(/RACKWRIGHT-LAB BOND bond0 mode=802.3ad .* mii=up addr=198.51.100.7\/24/);
    expect(booted).toContain('RACKWRIGHT-LAB VLAN bond0.7 id=7 parent=bond0 addr=203.0.113.7/24');
    expect(booted).toMatch(/ inet 192\.0\.2\.1\d\d\/24/);
  }, 240_000);
});
