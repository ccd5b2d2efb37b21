import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { BuildError, run, type BuildLog } from './tools.ts';

/** The Debian package that holds kernel and modules, found through its meta package. */
export interface KernelPackage {
  readonly name: string;
  readonly version: string;
}

/** An unpacked kernel package. */
export interface UnpackedKernel {
  readonly release: string;
  readonly image: string;
  /** Holds `kernel/`, `modules.order`, `modules.builtin`. */
  readonly modules: string;
}

const metaPackage = 'linux-image-amd64';

/** The versioned package in the `Depends` of the meta package's control text, e.g. `linux-image-6.1.0-9-amd64 (= 6.1.27-1)`. */
export function parseKernelDepends(control: string): KernelPackage | undefined {
  const found = /^Depends:.*?\b(linux-image-\d[^\s,|]*) \(= ([^)\s]+)\)/m.exec(control);
  const [, name, version] = found ?? [];
  return name === undefined || version === undefined ? undefined : { name, version };
}

/** Which kernel the machine's package lists offer now; reads local lists only. */
export function currentKernelPackage(): KernelPackage {
  const found = parseKernelDepends(run('apt-cache', ['show', '--no-all-versions', metaPackage]).toString());
  if (found === undefined) {
    throw new BuildError('input', `apt-cache knows no ${metaPackage}: run apt-get update, on Debian amd64`);
  }
  return found;
}

/** Path of the package file in the cache, downloaded (about 70 MB) if it is not there; never installed. */
export function fetchKernelPackage(kernel: KernelPackage, cache: string, log: BuildLog): string {
  const file = join(cache, `${kernel.name}_${kernel.version.replaceAll(':', '%3a')}.deb`);
  if (existsSync(file)) return file;
  mkdirSync(cache, { recursive: true });
  const work = mkdtempSync(join(cache, 'download-'));
  try {
    log(`downloading ${kernel.name} ${kernel.version} from the machine's Debian mirror`);
    const wanted = `${kernel.name}=${kernel.version}`;
    try {
      run('apt-get', ['-o', 'APT::Sandbox::User=root', 'download', wanted], { cwd: work });
    } catch (error) {
      throw new BuildError('command', `cannot download ${wanted}; are the lists old? apt-get update`, {
        cause: error,
      });
    }
    const [got] = readdirSync(work).filter((name) => name.endsWith('.deb'));
    if (got === undefined) throw new BuildError('command', `apt-get download ${wanted} left no package`);
    renameSync(join(work, got), file);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return file;
}

/** Unpacks a kernel package (about 400 MB, the caller removes it) without installing it. */
export function unpackKernel(deb: string, into: string): UnpackedKernel {
  run('dpkg-deb', ['-x', deb, into]);
  const base = [join(into, 'lib/modules'), join(into, 'usr/lib/modules')].find((path) => existsSync(path));
  const release = base === undefined ? undefined : readdirSync(base)[0];
  if (base === undefined || release === undefined) throw new BuildError('input', `${deb} holds no modules`);
  return { release, image: join(into, 'boot', `vmlinuz-${release}`), modules: join(base, release) };
}
