import type { Uuid } from '../../base/uuid.ts';
import type { BmcProfile, GuardEntry, ProvisionStore } from '../../provision/ports.ts';
import type { Session } from '../group-commit.ts';
import { parseJson } from '../json-column.ts';

type BmcStore = Pick<
  ProvisionStore,
  'saveBmcProfile' | 'deleteBmcProfile' | 'listBmcProfiles' | 'saveBmcGuard' | 'listBmcGuards'
>;
interface ProfileRow {
  readonly chassisUuid: Uuid;
  readonly profile: string;
  readonly at: number;
}

/** Profiles of BMCs by chassis, and failed logins by account. A profile of another version than ours is as good as none. */
export function createBmcStore({ db, read, write }: Session): BmcStore {
  const upsertProfile = db.prepare<[ProfileRow]>(
    `INSERT INTO bmc_profile (chassis_uuid, profile, at)
       SELECT uuid, @profile, @at FROM chassis WHERE uuid = @chassisUuid
     ON CONFLICT (chassis_uuid) DO UPDATE SET profile = excluded.profile, at = excluded.at`,
  );
  const removeProfile = db.prepare<[string]>('DELETE FROM bmc_profile WHERE chassis_uuid = ?');
  const profiles = db.prepare<[], ProfileRow>(
    'SELECT chassis_uuid AS chassisUuid, profile, at FROM bmc_profile',
  );
  const upsertGuard = db.prepare<[GuardEntry]>(
    `INSERT INTO bmc_guard (account, bmc, failures, at) VALUES (@account, @key, @failures, @at)
     ON CONFLICT (account) DO UPDATE SET bmc = excluded.bmc, failures = excluded.failures, at = excluded.at`,
  );
  const removeGuard = db.prepare<[string]>('DELETE FROM bmc_guard WHERE account = ?');
  const guards = db.prepare<[], GuardEntry>(
    'SELECT bmc AS key, account, failures, at FROM bmc_guard ORDER BY account',
  );
  const profileOf = ({ chassisUuid, profile }: ProfileRow): BmcProfile | undefined => {
    const stored = parseJson(profile, 'bmc_profile.profile', chassisUuid) as { readonly version: number };
    return stored.version === 1 ? (stored as BmcProfile) : undefined;
  };
  return {
    saveBmcProfile: (chassisUuid, profile) =>
      write(() => void upsertProfile.run({ chassisUuid, profile: JSON.stringify(profile), at: profile.at })),
    deleteBmcProfile: (chassisUuid) => write(() => void removeProfile.run(chassisUuid)),
    listBmcProfiles: () =>
      read(() => {
        const rows = profiles.all().map((row) => [row.chassisUuid, profileOf(row)] as const);
        return new Map(rows.flatMap(([uuid, profile]) => (profile ? [[uuid, profile] as const] : [])));
      }),
    saveBmcGuard: (entry) =>
      write(() => void (entry.failures > 0 ? upsertGuard.run(entry) : removeGuard.run(entry.account))),
    listBmcGuards: () => read(() => guards.all()),
  };
}
