import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { labEnvironment } from './processes.ts';
import { type LabFirmware, ovmfPath } from './qemu-command.ts';

/** Programs of the lab and the Debian packages that have them. */
const programs: Readonly<Record<string, string>> = {
  'qemu-system-x86_64': 'qemu-system-x86',
  ip: 'iproute2',
  ipmi_sim: 'openipmi',
  busybox: 'busybox-static',
};

/** One sentence for each thing that this machine lacks for a lab, with the Debian package that has it; empty when it can run. */
export function missingForLab(firmwares: readonly LabFirmware[]): readonly string[] {
  if (process.platform !== 'linux') return ['The lab needs Linux: it uses network namespaces.'];
  if (process.getuid?.() !== 0) return ['The lab needs root: it makes network namespaces and taps.'];
  const tools = Object.entries(programs)
    .filter(
      ([tool]) =>
        spawnSync('sh', ['-c', 'command -v "$1"', 'sh', tool], { env: labEnvironment() }).status !== 0,
    )
    .map(([tool, name]) => `${tool} is missing: Debian package ${name}.`);
  const files: [path: string, name: string][] = [
    ['/dev/net/tun', 'none has it: load the kernel module tun, or give the container this device'],
    ['/usr/lib/ipxe/undionly.kpxe', 'ipxe'],
    ...(firmwares.includes('uefi') ? [[ovmfPath, 'ovmf'] as [string, string]] : []),
    ...(firmwares.includes('bios')
      ? [['/usr/share/seabios/bios-256k.bin', 'seabios'] as [string, string]]
      : []),
    ...(firmwares.includes('bios')
      ? [['/usr/lib/ipxe/qemu/efi-virtio.rom', 'ipxe-qemu'] as [string, string]]
      : []),
  ];
  return [
    ...tools,
    ...files
      .filter(([path]) => !existsSync(path))
      .map(([path, name]) => `${path} is missing: Debian package ${name}.`),
  ];
}
