import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { currentKernelPackage, fetchKernelPackage, unpackKernel, type UnpackedKernel } from './kernel.ts';
import { bootFilesIn, hashInputs, isUpToDate, writeOutputs, type BootFiles } from './outputs.ts';
import { archive, compress, layRamdisk, staticBusybox, type RamdiskPlan } from './ramdisk.ts';
import { ramdiskTools, requireTools, type BuildLog } from './tools.ts';

/** Where a ramdisk is built. */
export interface BuildOptions {
  /** Folder that receives `vmlinuz`, `initrd.img` and `stamp`. */
  readonly out: string;
  /** Keeps the downloaded kernel package between builds. */
  readonly cache: string;
  readonly log: BuildLog;
}

/** What is built. */
export interface RamdiskRecipe {
  readonly name: string;
  /** Programs and Debian packages beyond those that every ramdisk needs. */
  readonly tools: Readonly<Record<string, string>>;
  /** Files and folders whose content decides the result, besides kernel, busybox and this builder. */
  readonly inputs: readonly string[];
  /** Makes the plan once the kernel is unpacked; may put files of its own into `work`. */
  readonly plan: (kernel: UnpackedKernel, work: string) => RamdiskPlan;
}

/** Removes what a killed build left (400 MB); a build takes a minute, so older than an hour is nobody's. */
function removeLeftovers(cache: string): void {
  for (const name of readdirSync(cache)) {
    if (!/^(?:build|download)-/.test(name)) continue;
    const path = join(cache, name);
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat !== undefined && Date.now() - stat.mtimeMs > 3_600_000)
      rmSync(path, { recursive: true, force: true });
  }
}

/**
 * Builds kernel and ramdisk from Debian packages, or returns at once when they are up to date.
 * Throws BuildError that names a missing program with its package, a failed download, or a module that the kernel no longer has.
 */
export function buildRamdisk(recipe: RamdiskRecipe, { out, cache, log }: BuildOptions): BootFiles {
  requireTools({ ...ramdiskTools, ...recipe.tools });
  const wanted = currentKernelPackage();
  const inputs = hashInputs(
    [recipe.name, wanted.name, wanted.version],
    [...recipe.inputs, staticBusybox(), import.meta.dirname],
  );
  if (isUpToDate(out, inputs)) {
    log(`${recipe.name} is up to date in ${out}`);
    return bootFilesIn(out);
  }
  const deb = fetchKernelPackage(wanted, cache, log);
  mkdirSync(cache, { recursive: true });
  removeLeftovers(cache);
  const work = mkdtempSync(join(cache, 'build-'));
  try {
    log(`unpacking ${wanted.name}`);
    const kernel = unpackKernel(deb, join(work, 'kernel'));
    const root = join(work, 'root');
    const count = layRamdisk(root, kernel, recipe.plan(kernel, work));
    log(`packing ${count} modules of kernel ${kernel.release}`);
    const initrd = compress(archive(root));
    const built = writeOutputs(out, inputs, readFileSync(kernel.image), initrd);
    log(`wrote ${built.kernel} and ${built.initrd} (${(initrd.length / 1e6).toFixed(1)} MB)`);
    return built;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
