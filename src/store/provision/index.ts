import type { RandomBytes } from '../../base/random.ts';
import type { ProvisionStore } from '../../provision/ports.ts';
import type { Session } from '../group-commit.ts';
import type { SecretBox } from '../secret-box.ts';
import { createBmcStore } from './bmcs.ts';
import { createBootImageStore } from './boot-images.ts';
import { createChassisTable } from './chassis.ts';
import { createHardwareInfoTable } from './hardware-info.ts';
import { createHostCfgTable } from './host-cfgs.ts';
import { createPxeServerStore } from './pxe-servers.ts';
import { createRunTable } from './runs.ts';
import { createSeenMachineStore } from './seen-machines.ts';

/** Storage of the provisioning domain. */
export function createProvisionStore(session: Session, box: SecretBox, random: RandomBytes): ProvisionStore {
  const { db, read, write } = session;
  const chassis = createChassisTable(db, box);
  const hostCfgs = createHostCfgTable(db, box, random);
  const hardware = createHardwareInfoTable(db);
  const runs = createRunTable(db, box);
  return {
    ...createPxeServerStore(session),
    ...createSeenMachineStore(session),
    ...createBmcStore(session),
    ...createBootImageStore(session, box),

    saveChassis: (value) => write(() => chassis.save(value)),
    // Hardware info, hostcfg, runs and timeline go with it: ON DELETE CASCADE.
    deleteChassis: (uuid) => write(() => chassis.delete(uuid)),
    listChassis: () => read(() => chassis.list()),
    getChassis: (uuid) => read(() => chassis.get(uuid)),

    saveHostCfg: (cfg) => write(() => hostCfgs.save(cfg)),
    deleteHostCfg: (uuid) => write(() => hostCfgs.delete(uuid)),
    getHostCfg: (uuid) => read(() => hostCfgs.get(uuid)),
    getHostCfgOfChassis: (chassisUuid) => read(() => hostCfgs.getOfChassis(chassisUuid)),

    saveInspection: (rows, ofChassis, run) =>
      write(() => {
        chassis.save(ofChassis);
        runs.save(run);
        hardware.replace(ofChassis.uuid, rows);
      }),
    listHardwareInfo: (chassisUuid) => read(() => hardware.list(chassisUuid)),

    saveRunStep: (step) =>
      write(() => {
        if (step.chassis !== undefined) chassis.save(step.chassis);
        runs.save(step.run);
        runs.addTimeline(step.timeline);
        if (step.deleteHostCfg === true) hostCfgs.deleteOfChassis(step.run.chassisUuid);
      }),
    listOpenRuns: () => read(() => runs.listOpen()),
    latestRun: (chassisUuid) => read(() => runs.latestOf(chassisUuid)),
    listTimeline: (runUuid) => read(() => runs.timelineOf(runUuid)),
  };
}
