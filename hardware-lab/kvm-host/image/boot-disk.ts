import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { BuildError, run } from '../../../inspector/builder/tools.ts';

const sector = 512;
/** First sector of the only partition; GRUB's core lies between the MBR and here. */
const partitionStart = 2048;
/** Of the partition, in MiB: twice what Debian takes; the file is sparse. */
const partitionMiB = 3072;
/** What must be in GRUB's core to find its folder; the rest it loads from there. */
const coreModules = ['biosdisk', 'part_msdos', 'ext2'];

/**
 * What differs from Debian's /etc/default/grub, in the file itself, because a file in grub.d would override what is changed in it later.
 * Nobody sits before the menu, there is no screen, and the IOMMU is off, as it is by default on many distributions; on Debian's
 * kernel it is on unless it is told otherwise.
 */
const grubDefaults = {
  GRUB_TIMEOUT: '0',
  GRUB_CMDLINE_LINUX_DEFAULT: '"quiet intel_iommu=off amd_iommu=off"',
  // Page table isolation, which the kernel would choose for an Intel CPU, makes an emulated machine several times slower.
  GRUB_CMDLINE_LINUX: '"console=ttyS0,115200 mitigations=off"',
} as const;

function setGrubDefaults(root: string): void {
  const path = join(root, 'etc/default/grub');
  let text = readFileSync(path, 'utf8');
  for (const [name, value] of Object.entries(grubDefaults)) {
    const line = new RegExp(`^${name}=.*$`, 'm');
    if (!line.test(text)) throw new BuildError('input', `${path} sets no ${name} any more`);
    text = text.replace(line, `${name}=${value}`);
  }
  writeFileSync(path, `${text}\nGRUB_TERMINAL=console\n`);
}

/**
 * Lets the real grub-mkconfig write grub.cfg in a folder that is not yet a disk: grub-probe, which it asks about the disk below, is
 * for this one call a script that knows the answers.
 */
function makeGrubConfig(root: string, uuid: string): void {
  const probe = join(root, 'usr/sbin/grub-probe');
  const link = join(root, 'dev/disk/by-uuid', uuid);
  const answers = [
    '#!/bin/sh',
    'case "$*" in',
    '*--target=device*) echo /dev/vda1 ;;',
    `*--target=fs_uuid*) echo ${uuid} ;;`,
    '*--target=fs*) echo ext2 ;;',
    '*--target=partmap*) echo msdos ;;',
    'esac',
    '',
  ];
  renameSync(probe, `${probe}.real`);
  try {
    writeFileSync(probe, answers.join('\n'));
    chmodSync(probe, 0o755);
    // With this entry the kernel is told root=UUID=..., as on an installed machine.
    mkdirSync(dirname(link), { recursive: true });
    writeFileSync(link, '');
    run('chroot', [root, 'update-grub']);
  } finally {
    renameSync(`${probe}.real`, probe);
    rmSync(join(root, 'dev/disk'), { recursive: true, force: true });
  }
}

/** Lays GRUB's modules into /boot/grub and answers boot sector and core, as grub-install does on a real disk. */
function makeGrub(root: string, work: string): { boot: Buffer; core: Buffer } {
  const folder = join(root, 'usr/lib/grub/i386-pc');
  const target = join(root, 'boot/grub/i386-pc');
  cpSync(folder, target, { recursive: true });
  const core = join(root, 'boot/grub/i386-pc/core.img');
  const args = ['-O', 'i386-pc', '-p', '(hd0,msdos1)/boot/grub', '-o', '/boot/grub/i386-pc/core.img'];
  run('chroot', [root, 'grub-mkimage', ...args, ...coreModules]);
  copyFileSync(core, join(work, 'core.img'));
  return { boot: readFileSync(join(folder, 'boot.img')), core: readFileSync(core) };
}

/** A partition table with one active Linux partition behind the boot code. */
function masterBootRecord(bootCode: Uint8Array): Buffer {
  const mbr = Buffer.alloc(sector);
  mbr.set(bootCode.subarray(0, 440));
  mbr.set([0x80, 0xfe, 0xff, 0xff, 0x83, 0xfe, 0xff, 0xff], 446);
  mbr.writeUInt32LE(partitionStart, 454);
  mbr.writeUInt32LE((partitionMiB * 2 ** 20) / sector, 458);
  mbr.writeUInt16LE(0xaa55, 510);
  return mbr;
}

/**
 * Makes the sparse raw disk `disk` of the root file system in the folder `root`: MBR, GRUB for BIOS, one ext4 partition with that
 * UUID. Needs no loop device and mounts nothing. Throws BuildError.
 */
export async function makeBootDisk(options: {
  readonly root: string;
  readonly work: string;
  readonly disk: string;
  readonly uuid: string;
}): Promise<void> {
  const { root, work, disk, uuid } = options;
  writeFileSync(join(root, 'etc/fstab'), `UUID=${uuid} / ext4 errors=remount-ro 0 1\n`);
  setGrubDefaults(root);
  makeGrubConfig(root, uuid);
  const { boot, core } = makeGrub(root, work);
  if (core.length > (partitionStart - 1) * sector) {
    throw new BuildError('input', 'GRUB does not fit before the partition');
  }
  const features = ['-O', '^metadata_csum_seed,^orphan_file', '-E', `offset=${partitionStart * sector}`];
  // GRUB 2.06 cannot read those features.
  run('mke2fs', [
    '-q',
    '-t',
    'ext4',
    '-U',
    uuid,
    '-m',
    '0',
    ...features,
    '-d',
    root,
    disk,
    `${partitionMiB}M`,
  ]);
  const file = await open(disk, 'r+');
  try {
    await file.write(masterBootRecord(boot), 0, sector, 0);
    await file.write(core, 0, core.length, sector);
  } finally {
    await file.close();
  }
}
