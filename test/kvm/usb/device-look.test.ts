import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { UsbDevice } from '../../../src/kvm/model.ts';
import { checkDevice } from '../../../src/kvm/usb/device-look.ts';
import type { HostShell } from '../../../src/net/shell.ts';
import { stick } from './usb-world.ts';

let root: string;
const device = 'sys/devices/pci0000:00/usb1/1-4';
const disk = `${device}/1-4:1.0/host6/target6:0:0/6:0:0:0/block/sdb`;

/** This machine's sh, over a tree of files in place of /. */
const shell: Partial<HostShell> = {
  async run([program = '', ...args], options) {
    const { status, stdout, stderr } = spawnSync(program, args, { input: options?.input, encoding: 'utf8' });
    return { exitCode: status ?? undefined, signal: undefined, stdout, stderr, truncated: false };
  },
};
const usb = { ...stick('1-4', 7), uuid: 'u' } as unknown as UsbDevice;
const check = (one: UsbDevice = usb): Promise<void> => checkDevice(shell as HostShell, one, root);

function put(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'rackwright usb-'));
  put(`${device}/busnum`, '1\n');
  put(`${device}/devnum`, '7\n');
  put(`${disk}/dev`, '8:16\n');
  put(`${disk}/sdb1/dev`, '8:17\n');
  put('proc/1/mountinfo', '22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n');
  put('proc/swaps', 'Filename\tType\tSize\tUsed\tPriority\n/dev/sda2  partition\t1024\t0\t-2\n');
  put('proc/net/route', 'Iface\tDestination\tGateway\neth0\t00000000\t0102A8C0\n');
  mkdirSync(join(root, 'sys/bus/usb/devices'), { recursive: true });
  symlinkSync('../../../devices/pci0000:00/usb1/1-4', join(root, 'sys/bus/usb/devices/1-4'));
});
afterEach(() => rmSync(root, { recursive: true }));

it('lets a disk go that the host does not use', async () => {
  await expect(check()).resolves.toBeUndefined();
});

it('finds a mounted partition by its number', async () => {
  put('proc/1/mountinfo', '30 22 8:17 / /srv/my\\040disk rw - ext4 /dev/sdb1 rw\n');
  await expect(check()).rejects.toThrow('mounted at /srv/my\\040disk; unmount it there first');
});

it('finds a file system of several disks by its name', async () => {
  put('proc/1/mountinfo', '30 22 0:51 / /srv rw shared:2 - btrfs /dev/sdb rw\n');
  await expect(check()).rejects.toThrow('mounted at /srv');
});

it('finds swap, and what lies on a partition', async () => {
  put('proc/swaps', 'Filename Type\n/dev/sdb1 partition 1 0 -2\n');
  await expect(check()).rejects.toThrow('swapoff');
  put('proc/swaps', '');
  mkdirSync(join(root, disk, 'sdb1/holders/dm-0'), { recursive: true });
  await expect(check()).rejects.toThrow('dm-0 of the host lies on it');
});

it("finds a NIC of the host's network", async () => {
  const nic = `${device}/1-4:1.1/net/enx00`;
  put(`${nic}/ifindex`, '4\n');
  await check();
  mkdirSync(join(root, nic, 'upper_br0'));
  await expect(check()).rejects.toThrow('uses it as enx00');
  rmSync(join(root, nic, 'upper_br0'), { recursive: true });
  put('proc/net/route', 'Iface\nenx00\t00000000\n');
  await expect(check()).rejects.toThrow('uses it as enx00');
});

it('refuses a device that is gone or has another number now', async () => {
  await expect(check({ ...usb, devNum: 8 })).rejects.toMatchObject({ code: 'refused' });
  await expect(check({ ...usb, portPath: '1-5' })).rejects.toThrow('plugged in anew just now');
});
