import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface FakeDisk {
  readonly name: string;
  /** Folder below devices/; has the bus in it. */
  readonly bus?: string;
  readonly removable?: number;
  readonly ro?: number;
  readonly hidden?: number;
  /** Sectors of 512 bytes. */
  readonly size?: number | string;
  readonly vendor?: string;
  readonly model?: string;
}

export interface FakeNic {
  readonly name: string;
  readonly mac: string;
  /** `hardware` has a device behind it, `virtual` has none, `stacked` stands on another interface. */
  readonly kind?: 'hardware' | 'virtual' | 'stacked';
}

/** Lays out what the kernel shows of disks and NICs in sysfs, below `root`. Documentation/ABI/stable/sysfs-block, testing/sysfs-class-net */
export function layFakeSysfs(root: string, disks: readonly FakeDisk[], nics: readonly FakeNic[]): string {
  for (const folder of ['block', 'class/net', 'devices']) mkdirSync(join(root, folder), { recursive: true });
  for (const disk of disks) {
    const home = join(root, 'devices', disk.bus ?? 'pci0000:00/0000:00:1f.2/ata1/host0', 'block', disk.name);
    mkdirSync(join(home, 'device'), { recursive: true });
    const put = (file: string, value: number | string): void => writeFileSync(join(home, file), `${value}\n`);
    put('removable', disk.removable ?? 0);
    put('ro', disk.ro ?? 0);
    put('size', disk.size ?? 2_000_000);
    put('device/model', disk.model ?? 'HARDDISK 1000   ');
    if (disk.hidden !== undefined) put('hidden', disk.hidden);
    if (disk.vendor !== undefined) put('device/vendor', disk.vendor);
    symlinkSync(home, join(root, 'block', disk.name));
  }
  for (const nic of nics) {
    const home = join(root, 'devices', 'net', nic.name);
    mkdirSync(home, { recursive: true });
    writeFileSync(join(home, 'address'), `${nic.mac}\n`);
    const kind = nic.kind ?? 'hardware';
    if (kind === 'hardware') mkdirSync(join(home, 'device'));
    if (kind === 'stacked') mkdirSync(join(home, 'lower_eth0'));
    symlinkSync(home, join(root, 'class/net', nic.name));
  }
  return root;
}
