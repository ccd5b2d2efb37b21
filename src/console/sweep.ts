import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import type { ConsoleSubject, Machines } from './ports.ts';

/**
 * Has every machine forgotten that has a record below `directory` and is no more: it went while the server was down, or the server
 * died between the two. Never rejects; a machine that cannot be asked after keeps its record.
 */
export async function sweepRecords(deps: {
  readonly directory: string;
  readonly machines: Pick<Machines, 'subject'>;
  readonly forget: (kind: ConsoleSubject['kind'], uuid: string) => Promise<void>;
  readonly log: Logger;
}): Promise<void> {
  const { directory, machines, forget, log } = deps;
  for (const kind of ['chassis', 'vm'] as const) {
    for (const uuid of await readdir(join(directory, kind)).catch(() => [])) {
      if (!/^[0-9a-f]{32}$/.test(uuid)) continue;
      try {
        if ((await machines.subject(kind, uuid)) !== undefined) continue;
        await forget(kind, uuid);
        log.info({ kind, uuid }, 'the console record of a machine that is no more was removed');
      } catch (error) {
        log.warn({ kind, uuid, err: messageOf(error) }, 'an old console record was not removed');
      }
    }
  }
}
