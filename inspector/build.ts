import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { messageOf } from '../src/base/errors.ts';
import { buildRamdisk, type BuildOptions } from './builder/build-ramdisk.ts';
import { parseModuleList } from './builder/modules.ts';
import type { BootFiles } from './builder/outputs.ts';

export type { BuildOptions } from './builder/build-ramdisk.ts';

const here = import.meta.dirname;

/** Ignored by git, shared by both ramdisks. */
export const defaultCache = join(here, '..', '.cache', 'rackwright');

/** The scripts that both ramdisks carry. */
export const sharedFiles: Readonly<Record<string, string>> = {
  'lib/rackwright/common.sh': join(here, 'common.sh'),
  'lib/rackwright/udhcpc.sh': join(here, 'udhcpc.sh'),
};

/**
 * Builds the inspector's kernel and ramdisk; does nothing when they are up to date. `firmware` is a folder for /lib/firmware.
 * Throws BuildError with the missing Debian package, the failed download or the unknown module.
 */
export async function buildInspector(
  options: BuildOptions & { readonly firmware?: string | undefined },
): Promise<BootFiles> {
  const { firmware } = options;
  const list = join(here, 'modules.txt');
  const files = {
    ...sharedFiles,
    init: join(here, 'init'),
    'lib/rackwright/collect.sh': join(here, 'collect.sh'),
  };
  return buildRamdisk(
    {
      name: 'inspector',
      tools: {},
      inputs: [
        import.meta.filename,
        ...Object.values(files),
        list,
        ...(firmware === undefined ? [] : [firmware]),
      ],
      plan: () => ({ files, modules: parseModuleList(readFileSync(list, 'utf8')), firmware }),
    },
    options,
  );
}

if (import.meta.filename === resolve(process.argv[1] ?? '')) {
  const { values } = parseArgs({
    options: { out: { type: 'string' }, cache: { type: 'string' }, firmware: { type: 'string' } },
  });
  try {
    const cache = values.cache ?? defaultCache;
    const out = values.out ?? join(cache, 'inspector');
    await buildInspector({ out, cache, firmware: values.firmware, log: (line) => console.log(line) });
  } catch (error) {
    console.error(`cannot build the inspector: ${messageOf(error)}`);
    process.exitCode = 1;
  }
}
