import type { Migration } from './migration.ts';

/**
 * What is known of BMCs. `ipmi_options` and `profile` are JSON. `bmc_guard` references nothing: a failed login counts at its BMC also when
 * no chassis came of it, or when its chassis was deleted and entered again.
 */
export const bmcFleet: Migration = {
  id: 4,
  name: 'bmc-fleet',
  sql: `
ALTER TABLE chassis ADD COLUMN ipmi_kg_sealed BLOB;
ALTER TABLE chassis ADD COLUMN ipmi_options TEXT;

CREATE TABLE bmc_profile (
  chassis_uuid TEXT NOT NULL PRIMARY KEY REFERENCES chassis (uuid) ON DELETE CASCADE,
  profile TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE bmc_guard (
  account TEXT NOT NULL PRIMARY KEY,
  bmc TEXT NOT NULL,
  failures INTEGER NOT NULL,
  at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`,
};
