import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { messageOf } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import type { Config } from '../config.ts';
import type { Consoles } from '../console/consoles.ts';
import { createConsoles } from '../console/create.ts';
import { joinMachines } from '../console/join-machines.ts';
import { chassisMachines } from '../console/machines/chassis.ts';
import { vmMachines } from '../console/machines/vm.ts';
import type { ChassisSide, VmSide } from '../console/ports.ts';
import { connectTcp } from '../net/tcp.ts';
import type { ScreenFolder } from '../provision/screen-files.ts';

/** The consoles of chassis and VMs, with their records below the data directory. */
export function composeConsoles(deps: {
  readonly config: Pick<Config, 'console' | 'dataDirectory'>;
  readonly chassis: ChassisSide;
  readonly vms: VmSide;
  readonly clock: Clock;
  readonly log: Logger;
}): Consoles {
  const { config, chassis, vms, clock, log } = deps;
  const { console: ofConsoles, dataDirectory } = config;
  return createConsoles({
    directory: join(dataDirectory, 'consoles'),
    machines: joinMachines({
      chassis: chassisMachines(chassis, { clock, log, connectTcp }),
      vm: vmMachines(vms, { clock, log }),
    }),
    limits: {
      idleMs: ofConsoles.idleMinutes * 60_000,
      maxViewers: ofConsoles.maxViewers,
      recordRuns: ofConsoles.recordRuns,
      recordBytes: ofConsoles.recordMegabytes * 2 ** 20,
    },
    clock,
    random: randomBytes,
    log,
  });
}

/** Removes records and pictures of machines that went while the server was down. Call it when all machines are known; never rejects. */
export async function sweepConsoles(deps: {
  readonly consoles: Pick<Consoles, 'sweep'>;
  readonly screens: Pick<ScreenFolder, 'sweep'>;
  readonly chassis: Pick<ChassisSide, 'name'>;
  readonly log: Logger;
}): Promise<void> {
  const { consoles, screens, chassis, log } = deps;
  await consoles.sweep();
  try {
    await screens.sweep(async (uuid) => (await chassis.name(uuid)) !== undefined);
  } catch (error) {
    log.warn({ err: messageOf(error) }, 'pictures of chassis that are no more were not removed');
  }
}
