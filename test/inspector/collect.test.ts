import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { needTools } from '../support/need.ts';

const script = resolve(import.meta.dirname, '../../inspector/collect.sh');
const folders: string[] = [];
afterEach(() => folders.splice(0).forEach((folder) => rmSync(folder, { recursive: true, force: true })));

/** A machine as files below a folder; a value that begins with `->` is a symbolic link below that folder. */
function fakeMachine(files: Readonly<Record<string, string | Uint8Array>>): string {
  const root = mkdtempSync(join(tmpdir(), 'rackwright-sysfs-'));
  folders.push(root);
  for (const [path, content] of Object.entries({ 'proc/cmdline': 'quiet\n', ...files })) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    if (typeof content === 'string' && content.startsWith('->')) {
      const target = join(root, content.slice(2));
      mkdirSync(target, { recursive: true });
      symlinkSync(target, join(root, path));
    } else {
      writeFileSync(join(root, path), content);
    }
  }
  return root;
}

interface Report {
  readonly bootif: string | null;
  readonly firmware: string;
  readonly cpu: unknown;
  readonly memory: unknown;
  readonly system: Readonly<Record<string, string | null>>;
  readonly nics: readonly Readonly<Record<string, unknown>>[];
  readonly disks: readonly Readonly<Record<string, unknown>>[];
  readonly pci: readonly Readonly<Record<string, unknown>>[];
}

function report(files: Readonly<Record<string, string | Uint8Array>>): Report {
  // Only busybox's own programs, as in the ramdisk: none of the host's may step in.
  const bin = mkdtempSync(join(tmpdir(), 'rackwright-bin-'));
  folders.push(bin);
  spawnSync('busybox', ['--install', '-s', bin]);
  const done = spawnSync(join(bin, 'sh'), [script], {
    env: { PATH: bin, RACKWRIGHT_ROOT: fakeMachine(files) },
  });
  expect(done.stderr.toString()).toBe('');
  const text = done.stdout.toString('latin1');
  // One line of ASCII, so that nothing on the way can spoil it.
  expect(text).toMatch(/^[ -~]+\n$/);
  return JSON.parse(text) as Report;
}

const vendor = (value: string | Uint8Array): string | null | undefined =>
  report({ 'sys/class/dmi/id/sys_vendor': value }).system['manufacturer'];

describe.skipIf(!needTools({ tool: 'busybox', package: 'busybox-static' }))('hardware report', () => {
  it.each([
    ['plain', 'Dell Inc.\n', 'Dell Inc.'],
    ['blanks at the ends', '  HPE \t \n', 'HPE'],
    ['only blanks', '   \n', null],
    ['nothing', '', null],
    ['quotes and backslashes', 'a"b\\c\\"\n', 'a"b\\c\\"'],
    ['percent and dollar', '%s %n $(reboot) `id` $HOME\n', '%s %n $(reboot) `id` $HOME'],
    ['control bytes', 'a\u0001\u001b[2J\u007fb\n', 'a\u0001\u001b[2J\u007fb'],
    ['line breaks', 'a\nb\r\nc\n', 'a\nb\r\nc'],
    ['an option', '-n\n', '-n'],
    ['UTF-8 of all lengths', 'ä€😀中\n', 'ä€😀中'],
    ['leading zeros', '00123\n', '00123'],
  ])('keeps %s', (_name, bytes, expected) => {
    expect(vendor(bytes)).toBe(expected);
  });

  it.each([
    ['Latin-1', [0x61, 0xe4, 0x62], 'a\ufffdb'],
    ['all ones', [0xff, 0xff], '\ufffd\ufffd'],
    ['a cut sequence', [0x61, 0xe2, 0x82], 'a\ufffd\ufffd'],
    ['an overlong slash', [0x61, 0xc0, 0xaf], 'a\ufffd\ufffd'],
    ['a lone surrogate', [0x61, 0xed, 0xa0, 0x80, 0x62], 'a\ufffd\ufffd\ufffdb'],
    ['beyond Unicode', [0x61, 0xf4, 0x90, 0x80, 0x80], 'a\ufffd\ufffd\ufffd\ufffd'],
  ])('replaces %s', (_name, bytes, expected) => {
    expect(vendor(Uint8Array.from(bytes))).toBe(expected);
  });

  it('tells every byte but NUL apart or replaces it', () => {
    const bytes = Uint8Array.from({ length: 255 }, (_, index) => index + 1);
    const all = vendor(Uint8Array.from([0x21, ...bytes, 0x21]));
    expect(all).toBe(`!${new TextDecoder().decode(bytes)}!`);
  });

  it('tolerates a machine without DMI, disks, NICs and PCI', () => {
    const empty = report({});
    expect(empty).toMatchObject({ schema: 1, bootif: null, firmware: 'bios', nics: [], disks: [], pci: [] });
    expect(new Set(Object.values(empty.system))).toEqual(new Set([null]));
    expect(empty.memory).toEqual({ totalKiB: null });
  });

  it('reads processors, memory and firmware', () => {
    const processor = (id: number): string =>
      `processor\t: ${id}\nmodel name\t: Xeon(R) "Gold"\nphysical id\t: ${id >> 1}\n\n`;
    const machine = report({
      'proc/cpuinfo': [0, 1, 2, 3].map(processor).join(''),
      'proc/meminfo': 'MemTotal:       16384000 kB\nMemFree: 1 kB\n',
      'sys/firmware/efi/fw_platform_size': '64\n',
    });
    expect(machine.cpu).toEqual({ model: 'Xeon(R) "Gold"', cores: 4, sockets: 2 });
    expect(machine.memory).toEqual({ totalKiB: 16_384_000 });
    expect(machine.firmware).toBe('uefi');
  });

  it('reads NICs: the booted one, an unknown speed, no virtual ones', () => {
    const pci = 'sys/devices/pci0000:00/0000:00:1c.0/0000:02:00.0';
    const nic = (name: string, address: string, speed: string): Record<string, string> => ({
      [`sys/class/net/${name}/type`]: '1\n',
      [`sys/class/net/${name}/address`]: `${address}\n`,
      [`sys/class/net/${name}/speed`]: `${speed}\n`,
      [`sys/class/net/${name}/carrier`]: '1\n',
    });
    const machine = report({
      'proc/cmdline': 'a=b BOOTIF=01-AA-BB-CC-00-00-02 quiet\n',
      ...nic('eth0', 'aa:bb:cc:00:00:01', '-1'),
      'sys/class/net/eth0/device': `->${pci}`,
      ...nic('eth1', 'aa:bb:cc:00:00:02', '25000'),
      'sys/class/net/eth1/device': `->${pci}`,
      ...nic('bond0', 'aa:bb:cc:00:00:02', '25000'),
    });
    const common = { link: true, driver: null, pciAddress: '0000:02:00.0', ip: null };
    expect(machine.bootif).toBe('aa:bb:cc:00:00:02');
    expect(machine.nics).toEqual([
      { name: 'eth0', mac: 'aa:bb:cc:00:00:01', speed: null, pxe: false, ...common },
      { name: 'eth1', mac: 'aa:bb:cc:00:00:02', speed: 25_000, pxe: true, ...common },
    ]);
  });

  it('reads disks: serial from the SCSI page or the USB device, bus from the path', () => {
    const sas = 'sys/devices/pci0000:00/host0/port-0:0/end_device-0:0/target0:0:0/0:0:0:0/block/sda';
    const usb = 'sys/devices/pci0000:00/usb1/1-1/1-1:1.0/host1/target1:0:0/1:0:0:0/block/sdb';
    const machine = report({
      [`${sas}/size`]: '1953525168\n',
      [`${sas}/removable`]: '0\n',
      [`${sas}/queue/rotational`]: '1\n',
      [`${sas}/device/vendor`]: 'SEAGATE \n',
      [`${sas}/device/model`]: 'ST1000NM0045   \n',
      [`${sas}/device/wwid`]: 'naa.5000c500a1b2c3d4\n',
      [`${sas}/device/vpd_pg80`]: Uint8Array.from([0, 0x80, 0, 6, ...Buffer.from('  W1"X')]),
      [`${usb}/size`]: '0\n',
      [`${usb}/removable`]: '1\n',
      [`${usb}/device/model`]: 'Virtual CD\n',
      'sys/devices/pci0000:00/usb1/1-1/idVendor': '0624\n',
      'sys/devices/pci0000:00/usb1/1-1/serial': 'BMC1\n',
      'sys/block/sda': `->${sas}`,
      'sys/block/sdb': `->${usb}`,
      'sys/block/loop0/size': '0\n',
    });
    expect(machine.disks).toEqual([
      {
        name: 'sda',
        path: '/dev/sda',
        sizeBytes: 1_000_204_886_016,
        model: 'SEAGATE ST1000NM0045',
        serial: 'W1"X',
        rotational: true,
        removable: false,
        bus: 'sas',
        wwn: 'naa.5000c500a1b2c3d4',
      },
      {
        name: 'sdb',
        path: '/dev/sdb',
        sizeBytes: 0,
        model: 'Virtual CD',
        serial: 'BMC1',
        rotational: false,
        removable: true,
        bus: 'usb',
        wwn: null,
      },
    ]);
  });
});
