import { copyFileSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { UnpackedKernel } from '../../inspector/builder/kernel.ts';
import { parseModuleList } from '../../inspector/builder/modules.ts';
import { archive, compress, layRamdisk } from '../../inspector/builder/ramdisk.ts';
import { BuildError, run } from '../../inspector/builder/tools.ts';

/** The Debian package of each program; GRUB's packages need not be configured, only unpacked. */
export const diskImageTools: Readonly<Record<string, string>> = {
  'grub-mkimage': 'grub-common',
  'mkfs.vfat': 'dosfstools',
  mcopy: 'mtools',
};

const grubFolder = '/usr/lib/grub';
const sector = 512;
/** First sector of the partition; the boot loader of BIOS machines lives between the MBR and here. */
const partitionStart = 2048;
/** Room for what the installer tells the installed system. */
const overlaySize = 64 * 1024;

/** Runs in GRUB's rescue parser: finds the partition by a file, needs no configuration file. */
const grubScript = `search --set=root --file /rackwright/vmlinuz
linux /rackwright/vmlinuz console=tty0 console=ttyS0,115200n8 panic=10
initrd /rackwright/initrd.img /rackwright/overlay.cpio
boot
`;

function grubImage(work: string, format: string, modules: readonly string[]): Buffer {
  if (!readdirSync(grubFolder).includes(format)) {
    throw new BuildError(
      'missing-tool',
      `missing ${grubFolder}/${format}: apt-get install --no-install-recommends grub-pc-bin grub-efi-amd64-bin`,
    );
  }
  const out = join(work, `grub-${format}`);
  const script = join(work, 'grub.cfg');
  writeFileSync(script, grubScript);
  run('grub-mkimage', ['-O', format, '-p', '/rackwright', '-c', script, '-o', out, ...modules]);
  return readFileSync(out);
}

/** Every sector of it differs from all others, so that its place in the image can be found and proven to be in one piece. */
function overlayPattern(): Buffer {
  const sectors = Array.from({ length: overlaySize / sector }, (_, index) =>
    Buffer.from(`RACKWRIGHT-OVERLAY-${String(index).padStart(5, '0')}\n`.padEnd(sector, '#')),
  );
  return Buffer.concat(sectors);
}

/** A partition table with one active EFI system partition (type EF): BIOS runs the code before it, UEFI looks into it. UEFI 2.10 §5.2 */
function masterBootRecord(bootCode: Uint8Array, sectors: number): Buffer {
  const mbr = Buffer.alloc(sector);
  mbr.set(bootCode.subarray(0, 440));
  mbr.set([0x80, 0xfe, 0xff, 0xff, 0xef, 0xfe, 0xff, 0xff], 446);
  mbr.writeUInt32LE(partitionStart, 454);
  mbr.writeUInt32LE(sectors, 458);
  mbr.writeUInt16LE(0xaa55, 510);
  return mbr;
}

function fatPartition(work: string, files: Readonly<Record<string, string>>): Buffer {
  const content = Object.values(files).reduce((sum, file) => sum + statSync(file).size, 0);
  const size = Math.ceil((content + 1.5e6) / 2 ** 20) * 2 ** 20;
  const image = join(work, 'esp.img');
  writeFileSync(image, Buffer.alloc(size));
  run('mkfs.vfat', ['--invariant', '-F', '16', '-s', '2', '-n', 'RACKWRIGHT', image]);
  run('mmd', ['-i', image, '::/EFI', '::/EFI/BOOT', '::/rackwright']);
  for (const [path, file] of Object.entries(files)) run('mcopy', ['-i', image, file, `::/${path}`]);
  return readFileSync(image);
}

/** A disk that boots on BIOS and UEFI, and where in it the installer puts the overlay; both as files in `work`. */
export function buildDiskImage(
  kernel: UnpackedKernel,
  work: string,
  files: Readonly<Record<string, string>>,
  moduleList: string,
): { image: string; overlay: string } {
  mkdirSync(work, { recursive: true });
  const root = join(work, 'root');
  layRamdisk(root, kernel, { files, modules: parseModuleList(readFileSync(moduleList, 'utf8')) });
  const path = (name: string) => join(work, name);
  writeFileSync(path('initrd.img'), compress(archive(root)));
  writeFileSync(path('overlay.cpio'), overlayPattern());
  copyFileSync(kernel.image, path('vmlinuz'));
  const common = ['part_msdos', 'fat', 'search', 'search_fs_file', 'linux'];
  writeFileSync(path('BOOTX64.EFI'), grubImage(work, 'x86_64-efi', [...common, 'efi_gop', 'boot']));
  const partition = fatPartition(work, {
    'EFI/BOOT/BOOTX64.EFI': path('BOOTX64.EFI'),
    'rackwright/overlay.cpio': path('overlay.cpio'),
    'rackwright/vmlinuz': path('vmlinuz'),
    'rackwright/initrd.img': path('initrd.img'),
  });
  const core = grubImage(work, 'i386-pc', [...common, 'biosdisk', 'boot']);
  if (core.length > (partitionStart - 1) * sector)
    throw new BuildError('input', 'GRUB does not fit before the partition');
  const bootCode = readFileSync(join(grubFolder, 'i386-pc', 'boot.img'));
  const disk = Buffer.alloc(partitionStart * sector + partition.length);
  disk.set(masterBootRecord(bootCode, partition.length / sector));
  disk.set(core, sector);
  disk.set(partition, partitionStart * sector);
  const offset = disk.indexOf('RACKWRIGHT-OVERLAY-00000');
  if (offset % sector !== 0 || !disk.subarray(offset, offset + overlaySize).equals(overlayPattern())) {
    throw new BuildError('input', 'the overlay file is not in one piece');
  }
  writeFileSync(path('disk.img'), disk);
  writeFileSync(path('disk.img.overlay'), `${offset} ${overlaySize}\n`);
  return { image: path('disk.img'), overlay: path('disk.img.overlay') };
}
