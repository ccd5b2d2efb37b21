import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { defaultCache, sharedFiles, type BuildOptions } from '../../inspector/build.ts';
import { buildRamdisk } from '../../inspector/builder/build-ramdisk.ts';
import { parseModuleList } from '../../inspector/builder/modules.ts';
import type { BootFiles } from '../../inspector/builder/outputs.ts';
import { messageOf } from '../../src/base/errors.ts';
import { buildDiskImage, diskImageTools } from './disk-image.ts';

const here = import.meta.dirname;
const networkFiles = { ...sharedFiles, 'lib/rackwright/network.sh': join(here, 'network.sh') };
const diskFiles = { ...networkFiles, init: join(here, 'disk-init') };
const installerFiles = {
  ...networkFiles,
  init: join(here, 'init'),
  'lib/rackwright/kickstart.awk': join(here, 'kickstart.awk'),
};

/** Builds the stand-in installer's kernel and ramdisk, with the disk image that it writes inside; otherwise as buildInspector. */
export async function buildInstaller(options: BuildOptions): Promise<BootFiles> {
  const list = join(here, 'modules.txt');
  const diskList = join(here, 'disk-modules.txt');
  return buildRamdisk(
    {
      name: 'stand-in installer',
      tools: diskImageTools,
      inputs: [
        import.meta.filename,
        ...Object.values(installerFiles),
        ...Object.values(diskFiles),
        list,
        diskList,
        join(here, 'disk-image.ts'),
      ],
      plan: (kernel, work) => {
        options.log('making the disk image that it writes');
        const disk = buildDiskImage(kernel, join(work, 'disk'), diskFiles, diskList);
        return {
          files: {
            ...installerFiles,
            'lib/rackwright/disk.img': disk.image,
            'lib/rackwright/disk.img.overlay': disk.overlay,
          },
          modules: parseModuleList(readFileSync(list, 'utf8')),
        };
      },
    },
    options,
  );
}

if (import.meta.filename === resolve(process.argv[1] ?? '')) {
  const { values } = parseArgs({ options: { out: { type: 'string' }, cache: { type: 'string' } } });
  try {
    const cache = values.cache ?? defaultCache;
    const out = values.out ?? join(cache, 'installer');
    await buildInstaller({ out, cache, log: (line) => console.log(line) });
  } catch (error) {
    console.error(`cannot build the stand-in installer: ${messageOf(error)}`);
    process.exitCode = 1;
  }
}
