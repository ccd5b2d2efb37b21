import type { Clock } from '../base/clock.ts';
import type { RandomBytes } from '../base/random.ts';
import type { Uuid } from '../base/uuid.ts';
import { HostCfgError, type HostNetwork, parseCfgItems } from '../hostcfg/index.ts';
import { badArgument, checkResourceUuid, checkText } from './checks.ts';
import type { Fleet } from './fleet.ts';
import type { HostCfg } from './model.ts';
import type { ProvisionStore } from './ports.ts';
import type { RunBook } from './run/book.ts';
import { ProvisionError, type ProvisionService } from './service.ts';

/** ZStack's clients send flags as texts or booleans. */
function checkFlag(parameter: string, value: string | boolean | undefined): boolean {
  if (value === undefined) return true;
  const text = String(value).trim().toLowerCase();
  if (text !== 'true' && text !== 'false') throw badArgument(parameter, `"${value}" must be true or false`);
  return text === 'true';
}

export type HostCfgService = Pick<ProvisionService, 'createHostCfg' | 'deleteHostCfg'>;

/** Host configurations: one a chassis, used up by its installation. */
export function createHostCfgService(deps: {
  readonly store: ProvisionStore;
  readonly fleet: Fleet;
  readonly book: RunBook;
  readonly clock: Clock;
  readonly random: RandomBytes;
}): HostCfgService {
  const { store, fleet } = deps;

  function parse(cfgItems: unknown): HostNetwork {
    try {
      return parseCfgItems(cfgItems);
    } catch (error) {
      if (error instanceof HostCfgError) throw badArgument('cfgItems', error.message);
      throw error;
    }
  }

  return {
    async createHostCfg(input) {
      const chassis = fleet.get(input.chassisUuid);
      if (!chassis) throw new ProvisionError('chassis-not-found', `there is no chassis ${input.chassisUuid}`);
      const network = parse(input.cfgItems);
      const macs = [
        ...network.nics.map((nic) => nic.mac),
        ...network.bondings.flatMap((bond) => bond.slaves),
      ];
      const inspected = (await store.listHardwareInfo(chassis.uuid)).length > 0;
      const stranger = inspected ? macs.find((mac) => !chassis.macs.includes(mac)) : undefined;
      if (stranger !== undefined) {
        throw badArgument(
          'cfgItems',
          `${stranger} is no NIC of "${chassis.name}"; the inspection found ${chassis.macs.join(', ')}`,
        );
      }
      const ips = [...network.nics, ...network.bondings, ...network.vlans].flatMap((one) => one.ip ?? []);
      const clash = fleet.all().find((one) => ips.some((ip) => ip === one.ipmiAddress));
      if (clash)
        throw badArgument('cfgItems', `${clash.ipmiAddress} is the BMC address of chassis "${clash.name}"`);
      if (await store.getHostCfgOfChassis(chassis.uuid)) {
        throw new ProvisionError(
          'conflict',
          `chassis "${chassis.name}" has a hostcfg already; delete it to give another`,
        );
      }
      const now = deps.clock.now();
      const cfg: HostCfg = {
        uuid: checkResourceUuid(input.resourceUuid, deps.random),
        chassisUuid: chassis.uuid,
        password: input.password === undefined ? undefined : checkText('password', input.password),
        vnc: checkFlag('vnc', input.vnc),
        unattended: checkFlag('unattended', input.unattended),
        network,
        createDate: now,
        lastOpDate: now,
      };
      await store.saveHostCfg(cfg);
      return cfg.uuid;
    },
    async deleteHostCfg(uuid) {
      const cfg = await store.getHostCfg(uuid as Uuid);
      if (!cfg) return;
      const run = deps.book.ofChassis(cfg.chassisUuid);
      if (run?.kind === 'install') {
        throw new ProvisionError(
          'run-in-progress',
          'an installation uses this hostcfg; set the status of the chassis to Unprovisioned to cancel it first',
        );
      }
      await store.deleteHostCfg(cfg.uuid);
    },
  };
}
