import { createHash, randomUUID } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';

/** Kernel and ramdisk, as absolute or caller-relative paths. */
export interface BootFiles {
  readonly kernel: string;
  readonly initrd: string;
}

/** Where a build leaves its two files. */
export function bootFilesIn(out: string): BootFiles {
  return { kernel: join(out, 'vmlinuz'), initrd: join(out, 'initrd.img') };
}

function sha256(bytes: string | Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function filesOf(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();
}

/** One hash over texts and over the names and contents of files (folders: all files below). */
export function hashInputs(texts: readonly string[], paths: readonly string[]): string {
  const files = paths.flatMap(filesOf).map((file) => `${basename(file)} ${sha256(readFileSync(file))}`);
  return sha256([...texts, ...files].join('\n'));
}

function stampText(out: string, inputs: string): string {
  const { kernel, initrd } = bootFilesIn(out);
  return `inputs ${inputs}\nkernel ${sha256(readFileSync(kernel))}\ninitrd ${sha256(readFileSync(initrd))}\n`;
}

/** True when the outputs are there, whole, and made from these inputs. */
export function isUpToDate(out: string, inputs: string): boolean {
  const files = [...Object.values(bootFilesIn(out)), join(out, 'stamp')];
  if (!files.every((file) => existsSync(file))) return false;
  return readFileSync(join(out, 'stamp'), 'utf8') === stampText(out, inputs);
}

/** Writes a file so that a reader sees the old one or the new one, never a part. */
export function writeAtomically(path: string, bytes: string | Uint8Array): void {
  const temporary = `${path}.${randomUUID()}.tmp`;
  writeFileSync(temporary, bytes);
  renameSync(temporary, path);
}

/** Writes both files, then the stamp that makes them valid: a build cut short is done again. */
export function writeOutputs(out: string, inputs: string, kernel: Uint8Array, initrd: Uint8Array): BootFiles {
  const files = bootFilesIn(out);
  mkdirSync(out, { recursive: true });
  writeAtomically(files.kernel, kernel);
  writeAtomically(files.initrd, initrd);
  writeAtomically(join(out, 'stamp'), stampText(out, inputs));
  return files;
}
