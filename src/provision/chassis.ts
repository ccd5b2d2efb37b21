import type { Clock } from '../base/clock.ts';
import type { Mac } from '../base/mac.ts';
import type { RandomBytes } from '../base/random.ts';
import type { Uuid } from '../base/uuid.ts';
import { type Bmc, bmcFault } from './bmc.ts';
import { badArgument, checkIpv4, checkResourceUuid, checkText, takenUuid } from './checks.ts';
import { readChassisTags } from './chassis-tags.ts';
import type { Fleet } from './fleet.ts';
import { isSameAccess } from './bmc-target.ts';
import { withIpmiTags } from './ipmi-options.ts';
import { type Chassis, type ChassisStatus, chassisStatuses, type IpmiOptions } from './model.ts';
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

/** IPMI 2.0 §13.33: K_G has at most 20 bytes. The text is a secret, so that it is not quoted. */
function checkKg(value: string): string | undefined {
  if (value === '') return undefined;
  const isHex = /^0x/i.test(value);
  const fits = isHex ? /^0x(?:[0-9a-f]{2}){1,20}$/i.test(value) : Buffer.byteLength(value) <= 20;
  if (!fits)
    throw badArgument('ipmiKg', 'must be at most 20 bytes as text, or 0x and an even number of hex digits');
  return value;
}

/** Members of a chassis that are absent where there is nothing to say. */
const accessExtras = (
  ipmiKg: string | undefined,
  ipmiOptions: IpmiOptions | undefined,
): Pick<Chassis, 'ipmiKg' | 'ipmiOptions'> => ({
  ...(ipmiKg === undefined ? {} : { ipmiKg }),
  ...(ipmiOptions === undefined ? {} : { ipmiOptions }),
});

/** What the side of the BMCs does when a chassis comes, changes or goes. */
export interface ChassisBmcs {
  /** Another login is allowed: somebody gave credentials for it. */
  release(chassis: Chassis): Promise<void>;
  /** `isLive`: a login to it has just worked. */
  enrolled(chassis: Chassis, isLive: boolean): void;
  changed(before: Chassis, chassis: Chassis, isLive: boolean): Promise<void>;
  /** Nothing about it is needed any more; also of one that was not recorded in the end. */
  gone(chassisUuid: Uuid): void;
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
  readonly bmc: Pick<Bmc, 'identify'>;
  readonly bmcs: ChassisBmcs;
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
        ...accessExtras(checkKg(input.ipmiKg ?? ''), withIpmiTags(undefined, tags.ipmi)),
        status: 'Unprovisioned',
        statusCause: undefined,
        bootMode: tags.bootMode ?? 'unknown',
        systemUuids: [],
        macs: [...new Set(tags.bootMacs)],
        createDate: now,
        lastOpDate: now,
      };
      if (fleet.get(wish.uuid)) throw takenUuid(wish.uuid);
      checkUnique(wish);
      try {
        const chassis = tags.skipIpmiCheck ? wish : await identify(wish);
        checkUnique(chassis);
        await store.saveChassis(chassis);
        fleet.put(chassis);
        deps.bmcs.enrolled(chassis, !tags.skipIpmiCheck);
        for (const mac of chassis.macs) deps.adopted(mac);
        return chassis.uuid;
      } catch (error) {
        deps.bmcs.gone(wish.uuid);
        throw error;
      }
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
      const { ipmiKg: oldKg, ipmiOptions: oldOptions, ...kept } = old;
      const kg = change.ipmiKg === undefined || change.ipmiKg === masked ? oldKg : checkKg(change.ipmiKg);
      const wish: Chassis = {
        ...kept,
        ...accessExtras(kg, withIpmiTags(oldOptions, tags.ipmi)),
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
      const bmcChanged = !isSameAccess(wish, old);
      const isLive = bmcChanged && !tags.skipIpmiCheck;
      checkUnique(wish);
      if (bmcChanged) await deps.bmcs.release(wish);
      const checked = isLive ? await identify(wish) : wish;
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
        const { ipmiKg: _kg, ipmiOptions: _options, ...others } = now;
        const chassis: Chassis = {
          ...others,
          ...accessExtras(wish.ipmiKg, withIpmiTags(now.ipmiOptions, tags.ipmi)),
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
        if (bmcChanged) await deps.bmcs.changed(now, chassis, isLive);
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
        const { ipmiOptions, ...others } = now;
        const chassis: Chassis = {
          ...others,
          ...accessExtras(now.ipmiKg, withIpmiTags(ipmiOptions, gained.ipmi, lost.ipmi)),
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
        deps.bmcs.gone(uuid as Uuid);
      });
    },
  };
}
