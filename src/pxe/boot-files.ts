import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../base/errors.ts';
import { PxeError } from './errors.ts';
import type { Firmware } from './ports.ts';

/** Where Debian's package `ipxe` puts its binaries. */
export const defaultIpxeDirectory = '/usr/lib/ipxe';

/** Names under `/boot/<token>/`: what a machine fetches and where it reports. */
export const artefacts = {
  script: 'boot.ipxe',
  kernel: 'kernel',
  initrd: 'initrd',
  kickstart: 'ks.cfg',
  inspection: 'inspection',
  begin: 'begin',
  end: 'end',
  progress: 'progress',
  failed: 'failed',
} as const;
export type Artefact = (typeof artefacts)[keyof typeof artefacts];

interface Loader {
  readonly name: string;
  /** The boot chain of the firmware below cannot work without it, so a start without it fails. */
  readonly required: boolean;
  readonly firmware: readonly Firmware[];
}

/**
 * Every first-stage loader, in order of preference for a firmware. `snponly.efi` goes before `ipxe.efi` because it uses the
 * firmware's own NIC driver, which just worked, and does not hang in "initialising devices" on NICs that iPXE drives badly.
 */
const loaders: readonly Loader[] = [
  { name: 'undionly.kpxe', required: true, firmware: ['bios'] },
  { name: 'snponly.efi', required: true, firmware: ['uefi-x64', 'uefi-http-x64'] },
  { name: 'snponly-arm64.efi', required: false, firmware: ['uefi-arm64', 'uefi-http-arm64'] },
  { name: 'ipxe.efi', required: false, firmware: [] },
  { name: 'ipxe-arm64.efi', required: false, firmware: [] },
  { name: 'undionly.kkpxe', required: false, firmware: [] },
  { name: 'ipxe.pxe', required: false, firmware: [] },
];

/** All names that TFTP and `/loader/` may serve; optional ones only where the file exists. */
export const loaderNames: readonly string[] = loaders.map((loader) => loader.name);

/** Names without which a start fails. */
export const requiredLoaderNames: readonly string[] = loaders.filter((l) => l.required).map((l) => l.name);

/**
 * Name of the loader for a firmware; undefined when there is none. Without `has` only loaders that are sure to exist count;
 * `has` (see BootFiles) adds the optional ones, as arm64's.
 */
export function loaderFor(firmware: Firmware, has?: (name: string) => boolean): string | undefined {
  return loaders.find((l) => l.firmware.includes(firmware) && (has ? has(l.name) : l.required))?.name;
}

/** URL of an artefact: `<base>/boot/<token>/<artefact>`; `base` is like `http://192.0.2.1:8081`. */
export function bootUrl(base: string, token: string, artefact: Artefact): string {
  return `${trimmed(base)}/boot/${token}/${artefact}`;
}

/** URL of a loader for UEFI HTTP clients: `<base>/loader/<name>`. */
export function loaderUrl(base: string, name: string): string {
  return `${trimmed(base)}/loader/${name}`;
}

function trimmed(base: string): string {
  return base.replace(/\/+$/, '');
}

/** The loaders in memory: a closed table, never a directory. */
export interface BootFiles {
  readonly names: readonly string[];
  readonly file: (name: string) => Uint8Array | undefined;
  readonly has: (name: string) => boolean;
}

/** Reads the loaders of an iPXE directory; rejects with PxeError `loader-missing` that names the required file it lacks. */
export async function loadBootFiles(directory: string = defaultIpxeDirectory): Promise<BootFiles> {
  const table = new Map<string, Uint8Array>();
  for (const { name, required } of loaders) {
    try {
      const content = await readFile(join(directory, name));
      if (content.length === 0) throw new Error('the file is empty');
      table.set(name, content);
    } catch (cause) {
      if (!required) continue;
      throw new PxeError(
        'loader-missing',
        `cannot read the boot loader ${join(directory, name)} (${messageOf(cause)}): ` +
          'install the Debian package ipxe or set boot.ipxeDirectory',
        { data: { file: join(directory, name) }, cause },
      );
    }
  }
  return {
    names: [...table.keys()],
    file: (name) => table.get(name),
    has: (name) => table.has(name),
  };
}
