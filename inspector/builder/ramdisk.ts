import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import type { UnpackedKernel } from './kernel.ts';
import { parseModuleIndex, selectModules } from './modules.ts';
import { BuildError, findTool, run } from './tools.ts';

/** What goes into a ramdisk; `files` maps a path in it to a file of the host. */
export interface RamdiskPlan {
  readonly files: Readonly<Record<string, string>>;
  /** Lines of a module list; see parseModuleList. */
  readonly modules: readonly string[];
  /** Folder copied to /lib/firmware, for drivers whose firmware Debian's main archive does not have. */
  readonly firmware?: string | undefined;
}

/** Fails unless busybox is a static binary: a dynamic one has no libc in a ramdisk. */
export function staticBusybox(): string {
  const path = findTool('busybox') ?? '';
  if (readFileSync(path).includes('/lib64/ld-linux')) {
    throw new BuildError('missing-tool', `${path} is not static: apt-get install busybox-static`);
  }
  return path;
}

function readIndex(folder: string): ReturnType<typeof parseModuleIndex> {
  const text = (name: string) => readFileSync(join(folder, name), 'utf8');
  return parseModuleIndex(text('modules.dep'), text('modules.softdep'), text('modules.alias'));
}

function copyModules(kernel: UnpackedKernel, wanted: readonly string[], root: string): number {
  const base = join(kernel.modules, '../../..');
  run('depmod', ['-b', base, kernel.release]);
  const selected = selectModules(wanted, readIndex(kernel.modules));
  const target = join(root, 'lib/modules', kernel.release);
  for (const path of [...selected, 'modules.order', 'modules.builtin', 'modules.builtin.modinfo']) {
    mkdirSync(dirname(join(target, path)), { recursive: true });
    copyFileSync(join(kernel.modules, path), join(target, path));
  }
  run('depmod', ['-b', root, kernel.release]);
  // busybox reads the text forms only.
  for (const name of readdirSync(target)) {
    if (/^modules\.(?:.*\.bin|order|builtin\.modinfo|symbols|devname)$/.test(name))
      rmSync(join(target, name));
  }
  return selected.length;
}

/** Lays a ramdisk out in `root`: busybox as /bin/sh, the plan's files (executable), modules with depmod's tables. */
export function layRamdisk(root: string, kernel: UnpackedKernel, plan: RamdiskPlan): number {
  for (const folder of ['bin', 'dev', 'etc', 'lib', 'mnt', 'proc', 'run', 'sys', 'tmp']) {
    mkdirSync(join(root, folder), { recursive: true });
  }
  copyFileSync(staticBusybox(), join(root, 'bin/busybox'));
  symlinkSync('busybox', join(root, 'bin/sh'));
  for (const [path, source] of Object.entries(plan.files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    copyFileSync(source, join(root, path));
    chmodSync(join(root, path), 0o755);
  }
  if (plan.firmware !== undefined) cpSync(plan.firmware, join(root, 'lib/firmware'), { recursive: true });
  return copyModules(kernel, plan.modules, root);
}

/** All paths below a folder, parents first, in one fixed order. */
function pathsUnder(root: string): string[] {
  const entries = readdirSync(root, { recursive: true, withFileTypes: true });
  return entries.map((entry) => relative(root, join(entry.parentPath, entry.name))).toSorted();
}

/** A newc archive of a folder, owned by root, the same bytes for the same content. cpio(5) */
export function archive(root: string): Buffer {
  const paths = pathsUnder(root);
  run('touch', ['-h', '-d', '@0', '--', '.', ...paths], { cwd: root });
  const args = ['--quiet', '--reproducible', '-o', '-H', 'newc', '-R', '0:0'];
  return run('cpio', args, { cwd: root, input: `${paths.join('\n')}\n` });
}

/** Compresses an archive so that the kernel unpacks it fastest for its size; figures in inspector/README.md. */
export function compress(bytes: Uint8Array): Buffer {
  return run('zstd', ['-19', '-T2', '-q', '-c'], { input: bytes });
}
