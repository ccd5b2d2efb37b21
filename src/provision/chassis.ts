import type { Clock } from '../base/clock.ts';
import type { Mac } from '../base/mac.ts';
import type { RandomBytes } from '../base/random.ts';
import type { Uuid } from '../base/uuid.ts';
import { type Bmc, bmcFault } from './bmc.ts';
import { badArgument, checkIpv4, checkResourceUuid, checkText, readChassisTags } from './checks.ts';
import type { Fleet } from './fleet.ts';
import { type Chassis, type ChassisStatus, chassisStatuses } from './model.ts';
import type { ProvisionStore } from './ports.ts';
import type { RunBook } from './run/book.ts';
import { type ChassisInput, ProvisionError, type ProvisionService } from './service.ts';

/** What answers show in place of a secret; setting it leaves the stored one. */
const masked = '******';

/** States that a user may set; the others belong to runs. */
const userStatuses: readonly ChassisStatus[] = ['Unprovisioned', 'Provisioning', 'Provisioned'];

function checkPort(value: string | number | undefined): number {
  if (value === undefined || value === '') return 623;
  const port = Number(value);
  if (!Number.isInteger(port) || port < 1 || port > 65535)
    throw badArgument('ipmiPort', `"${value}" is no UDP port (1-65535)`);
  return port;
}

/** IPMI 2.0 §13.20 and §22.28: user names have at most 16 bytes, passwords at most 20. */
function checkCredential(parameter: 'ipmiUsername' | 'ipmiPassword', value: string): string {
  const limit = parameter === 'ipmiUsername' ? 16 : 20;
  if (value === '') throw badArgument(parameter, 'must not be empty');
  if (Buffer.byteLength(value) > limit) throw badArgument(parameter, `IPMI allows at most ${limit} bytes`);
  return value;
}

export type ChassisService = Pick<
  ProvisionService,
  'createChassis' | 'updateChassis' | 'applyTag' | 'deleteChassis'
>;

/** Chassis: servers known by their BMC. */
export function createChassisService(deps: {
  readonly store: ProvisionStore;
  readonly fleet: Fleet;
  readonly book: RunBook;
  readonly bmc: Bmc;
  readonly clock: Clock;
  readonly random: RandomBytes;
  /** Called for MACs that a tag ties to a chassis. */
  readonly adopted: (mac: Mac) => void;
}): ChassisService {
  const { store, fleet, book } = deps;

  function checkUnique(chassis: Chassis): void {
    for (const other of fleet.all()) {
      if (other.uuid === chassis.uuid) continue;
      if (other.ipmiAddress === chassis.ipmiAddress && other.ipmiPort === chassis.ipmiPort) {
        throw new ProvisionError(
          'conflict',
          `chassis "${other.name}" has the BMC ${chassis.ipmiAddress}:${chassis.ipmiPort} already`,
        );
      }
      const mac = chassis.macs.find((one) => other.macs.includes(one));
      if (mac !== undefined)
        throw new ProvisionError('conflict', `NIC ${mac} belongs to chassis "${other.name}" already`);
    }
  }

  async function identify(chassis: Chassis): Promise<Chassis> {
    try {
      return { ...chassis, systemUuids: (await deps.bmc.identify(chassis)).systemUuids };
    } catch (error) {
      throw new ProvisionError(
        'bmc-failed',
        `${bmcFault(chassis, error)}. The system tag skipIpmiCheck::true records the chassis anyway`,
        { cause: error },
      );
    }
  }

  function get(uuid: string): Chassis {
    const chassis = fleet.get(uuid);
    if (!chassis) throw new ProvisionError('chassis-not-found', `there is no chassis ${uuid}`);
    return chassis;
  }

  return {
    async createChassis(input: ChassisInput) {
      const tags = readChassisTags(input.systemTags ?? []);
      const now = deps.clock.now();
      const wish: Chassis = {
        uuid: checkResourceUuid(input.resourceUuid, deps.random),
        name: checkText('name', input.name),
        description: input.description,
        ipmiAddress: checkIpv4('ipmiAddress', input.ipmiAddress),
        ipmiPort: checkPort(input.ipmiPort),
        ipmiUsername: checkCredential('ipmiUsername', input.ipmiUsername),
        ipmiPassword: checkCredential('ipmiPassword', input.ipmiPassword),
        status: 'Unprovisioned',
        statusCause: undefined,
        bootMode: tags.bootMode ?? 'unknown',
        systemUuids: [],
        macs: [...new Set(tags.bootMacs)],
        createDate: now,
        lastOpDate: now,
      };
      if (fleet.get(wish.uuid)) throw new ProvisionError('conflict', `resourceUuid ${wish.uuid} is taken`);
      checkUnique(wish);
      const chassis = tags.skipIpmiCheck ? wish : await identify(wish);
      checkUnique(chassis);
      await store.saveChassis(chassis);
      fleet.put(chassis);
      for (const mac of chassis.macs) deps.adopted(mac);
      return chassis.uuid;
    },

    async updateChassis(uuid, change) {
      const old = get(uuid);
      const tags = readChassisTags(change.systemTags ?? []);
      if (change.status !== undefined && !chassisStatuses.includes(change.status))
        throw badArgument('status', `"${change.status}" is no state`);
      if (change.status !== undefined && !userStatuses.includes(change.status)) {
        throw badArgument(
          'status',
          `may be set to ${userStatuses.join(', ')}; ${change.status} is set by runs`,
        );
      }
      const wish: Chassis = {
        ...old,
        name: change.name === undefined ? old.name : checkText('name', change.name),
        description: change.description ?? old.description,
        ipmiAddress:
          change.ipmiAddress === undefined ? old.ipmiAddress : checkIpv4('ipmiAddress', change.ipmiAddress),
        ipmiPort: change.ipmiPort === undefined ? old.ipmiPort : checkPort(change.ipmiPort),
        ipmiUsername:
          change.ipmiUsername === undefined
            ? old.ipmiUsername
            : checkCredential('ipmiUsername', change.ipmiUsername),
        ipmiPassword:
          change.ipmiPassword === undefined || change.ipmiPassword === masked
            ? old.ipmiPassword
            : checkCredential('ipmiPassword', change.ipmiPassword),
        bootMode: tags.bootMode ?? old.bootMode,
        macs: [...new Set([...old.macs, ...tags.bootMacs])],
      };
      const bmcChanged = (['ipmiAddress', 'ipmiPort', 'ipmiUsername', 'ipmiPassword'] as const).some(
        (key) => wish[key] !== old[key],
      );
      checkUnique(wish);
      const checked = bmcChanged && !tags.skipIpmiCheck ? await identify(wish) : wish;
      const run = book.ofChassis(old.uuid);
      if (run && change.status !== undefined) {
        await book.apply(run.uuid, {
          type: 'cancelled',
          reason: `cancelled: the state was set to ${change.status}`,
        });
      }
      await fleet.exclusive(old.uuid, async () => {
        // A run may have changed it while the BMC was asked.
        const now = get(uuid);
        const chassis: Chassis = {
          ...now,
          name: wish.name,
          description: wish.description,
          ipmiAddress: wish.ipmiAddress,
          ipmiPort: wish.ipmiPort,
          ipmiUsername: wish.ipmiUsername,
          ipmiPassword: wish.ipmiPassword,
          systemUuids: checked.systemUuids,
          bootMode: tags.bootMode ?? now.bootMode,
          macs: [...new Set([...now.macs, ...tags.bootMacs])],
          status: change.status ?? now.status,
          statusCause: change.status === undefined ? now.statusCause : undefined,
          lastOpDate: deps.clock.now(),
        };
        checkUnique(chassis);
        await store.saveChassis(chassis);
        fleet.put(chassis);
      });
      for (const mac of tags.bootMacs) deps.adopted(mac);
    },

    async applyTag(uuid, { added, removed }) {
      const gained = readChassisTags(added === undefined ? [] : [added]);
      const lost = readChassisTags(removed === undefined ? [] : [removed]);
      const { uuid: chassisUuid } = get(uuid);
      await fleet.exclusive(chassisUuid, async () => {
        const now = get(uuid);
        const kept = now.macs.filter((mac) => !lost.bootMacs.includes(mac));
        // A mode that a boot has shown since is no longer the tag's to take away.
        const forgets = lost.bootMode !== undefined && lost.bootMode === now.bootMode;
        const chassis: Chassis = {
          ...now,
          bootMode: gained.bootMode ?? (forgets ? 'unknown' : now.bootMode),
          macs: [...new Set([...kept, ...gained.bootMacs])],
          lastOpDate: deps.clock.now(),
        };
        checkUnique(chassis);
        await store.saveChassis(chassis);
        fleet.put(chassis);
      });
      for (const mac of gained.bootMacs) deps.adopted(mac);
    },

    async deleteChassis(uuid) {
      const run = book.ofChassis(uuid as Uuid);
      if (run)
        await book.apply(run.uuid, { type: 'cancelled', reason: 'cancelled: the chassis was deleted' });
      await fleet.exclusive(uuid as Uuid, async () => {
        await store.deleteChassis(uuid as Uuid);
        fleet.remove(uuid as Uuid);
      });
    },
  };
}
