import { join, resolve } from 'node:path';
import type { BootPair } from './rackwright-process.ts';
import type { Report } from './technician.ts';

/** What a lab boots over the network. */
export interface Ramdisks {
  readonly inspector: BootPair;
  readonly installer: BootPair;
}

/** Builds both ramdisks where they are missing or out of date. Throws BuildError that names what is missing. */
export async function buildRamdisks(report: Report): Promise<Ramdisks> {
  const cache = join(resolve(import.meta.dirname, '..'), '.cache', 'rackwright');
  const log = (text: string): void => report({ step: 'ramdisk', text });
  const { buildInspector } = await import('../inspector/build.ts');
  const { buildInstaller } = await import('./installer/build.ts');
  const inspector = await buildInspector({ out: join(cache, 'inspector'), cache, log });
  const installer = await buildInstaller({ out: join(cache, 'installer'), cache, log });
  return { inspector, installer };
}
