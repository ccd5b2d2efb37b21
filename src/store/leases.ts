import type { Lease, LeaseStore } from '../pxe/ports.ts';
import type { Session } from './group-commit.ts';
import type { Nullable } from './nulls.ts';

type LeaseRow = Nullable<Lease>;

/** Leases keyed by server and address. */
export function createLeaseStore({ db, read, write }: Session): LeaseStore {
  const select = db.prepare<[string], Omit<LeaseRow, 'serverUuid'>>(
    `SELECT ip, mac, client_id AS clientId, expires_at AS expiresAt, state
       FROM lease WHERE server_uuid = ? ORDER BY ip`,
  );
  // By place, which is quicker than by name: each lease of a hall waits for it.
  const upsert = db.prepare<[string, string, string, string | null, number, string]>(
    `INSERT INTO lease (server_uuid, ip, mac, client_id, expires_at, state)
       VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (server_uuid, ip) DO UPDATE SET
       mac = excluded.mac, client_id = excluded.client_id, expires_at = excluded.expires_at, state = excluded.state`,
  );
  return {
    load: (serverUuid) =>
      read(() => {
        const leases: Lease[] = [];
        // A row at a time, and one text for all their servers: 100,000 leases would stand here twice otherwise.
        for (const { ip, mac, clientId, expiresAt, state } of select.iterate(serverUuid))
          leases.push({ serverUuid, ip, mac, clientId: clientId ?? undefined, expiresAt, state });
        return leases;
      }),
    commit: (leases) =>
      write(() => {
        for (const { serverUuid, ip, mac, clientId, expiresAt, state } of leases)
          upsert.run(serverUuid, ip, mac, clientId ?? null, expiresAt, state);
      }),
  };
}
