import type { Uuid } from '../../base/uuid.ts';
import type { Host } from '../../kvm/model.ts';
import type { KvmStore } from '../../kvm/ports.ts';
import { StoreError } from '../errors.ts';
import type { Session } from '../group-commit.ts';
import { createRowTable } from '../row-table.ts';
import type { SecretBox } from '../secret-box.ts';

type HostStore = Pick<
  KvmStore,
  'saveHost' | 'saveHostStatus' | 'getHost' | 'listHosts' | 'deleteHost' | 'clusterOf'
>;
type HostRow = Omit<Host, 'password'> & { readonly passwordSealed: Uint8Array | undefined };
type Place = NonNullable<Awaited<ReturnType<KvmStore['clusterOf']>>>;

const placeOf = (uuid: Uuid) => ({ table: 'host', uuid, column: 'password' });

/** KVM hosts; their passwords are sealed. */
export function createHostStore({ db, read, write }: Session, box: SecretBox): HostStore {
  const hosts = createRowTable<HostRow>(db, 'host', {
    uuid: 'plain',
    clusterUuid: 'plain',
    name: 'plain',
    description: 'plain',
    connection: 'plain',
    managementIp: 'plain',
    sshPort: 'plain',
    username: 'plain',
    passwordSealed: 'plain',
    hostKey: 'plain',
    hypervisorType: 'plain',
    state: 'plain',
    status: 'plain',
    statusCause: 'plain',
    facts: 'json',
    createDate: 'plain',
    lastOpDate: 'plain',
  });
  const all = hosts.list('ORDER BY create_date, uuid');
  const status = db.prepare<[Record<string, string | null>]>(
    `UPDATE host SET status = @status, status_cause = @statusCause, host_key = coalesce(@hostKey, host_key),
       facts = coalesce(@facts, facts) WHERE uuid = @uuid`,
  );
  const cluster = db.prepare<[string], Place>(
    'SELECT uuid, zone_uuid AS zoneUuid, state, hypervisor_type AS hypervisorType FROM cluster WHERE uuid = ?',
  );

  const shown = ({ passwordSealed, ...row }: HostRow): Host => ({
    ...row,
    password: passwordSealed === undefined ? '' : box.open(placeOf(row.uuid), passwordSealed),
  });
  return {
    saveHost: ({ password, ...host }) =>
      write(() => {
        // SQLite would only say that some reference leads nowhere.
        if (cluster.get(host.clusterUuid) === undefined) {
          throw new StoreError('conflict', 'there is no such cluster', { data: { field: 'clusterUuid' } });
        }
        const passwordSealed = password === '' ? undefined : box.seal(placeOf(host.uuid), password);
        hosts.save({ ...host, passwordSealed });
      }),
    saveHostStatus: (uuid, change) =>
      write(
        () =>
          void status.run({
            uuid,
            status: change.status,
            statusCause: change.statusCause ?? null,
            hostKey: change.hostKey ?? null,
            facts: change.facts === undefined ? null : JSON.stringify(change.facts),
          }),
      ),
    getHost: (uuid) =>
      read(() => {
        const row = hosts.get(uuid);
        return row && shown(row);
      }),
    listHosts: () => read(() => all().map(shown)),
    // What is on it goes with it: foreign keys, and a trigger for the definitions of stopped VMs.
    deleteHost: (uuid) => write(() => hosts.delete(uuid)),
    clusterOf: (uuid) => read(() => cluster.get(uuid)),
  };
}
