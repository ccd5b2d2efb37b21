import type { Migration } from './migration.ts';

/**
 * What DHCP of a PXE server does. Servers from before are armed: what serves goes on serving. `dhcp_subnets`, `dhcp_reservations` and
 * `dhcp_exclusions` are JSON lists, null for none.
 */
export const pxeModes: Migration = {
  id: 6,
  name: 'pxe-modes',
  sql: `
ALTER TABLE pxe_server ADD COLUMN dhcp_mode TEXT NOT NULL DEFAULT 'serve';
ALTER TABLE pxe_server ADD COLUMN dhcp_armed INTEGER NOT NULL DEFAULT 1;
ALTER TABLE pxe_server ADD COLUMN dhcp_only_reserved INTEGER NOT NULL DEFAULT 0;
ALTER TABLE pxe_server ADD COLUMN dhcp_subnets TEXT;
ALTER TABLE pxe_server ADD COLUMN dhcp_reservations TEXT;
ALTER TABLE pxe_server ADD COLUMN dhcp_exclusions TEXT;
ALTER TABLE pxe_server ADD COLUMN dhcp_held_by TEXT;
ALTER TABLE pxe_server ADD COLUMN held_back TEXT;
`,
};
