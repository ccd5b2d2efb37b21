import type { createTurns } from '../../base/turns.ts';
import type { Uuid } from '../../base/uuid.ts';
import { badArgument, checkName, notFound } from '../checks.ts';
import type { ConnectionManager } from '../connection/manager.ts';
import type { Host } from '../model.ts';
import type { AddHostInput, HostService } from '../service.ts';
import { addHost } from './add.ts';
import { takenAddress } from './conflict.ts';
import type { HostsDeps } from './hosts.ts';
import {
  checkManagementIp,
  checkPassword,
  checkSshPort,
  checkUsername,
  readConnectionTags,
} from './input.ts';
import { runScript } from './run-script.ts';
import { refuseWhileDevicesAreGiven, refuseWhileVmsRun } from './vms-of-host.ts';

/** What the service needs beyond the hosts' own needs. */
export interface ServiceDeps extends HostsDeps {
  /** One change of a host at a time. */
  readonly turns: ReturnType<typeof createTurns>;
  readonly connections: ConnectionManager;
}

/** What the API shows in place of a password; given back, it changes nothing. */
const hiddenPassword = '******';
const maxScriptBytes = 1024 * 1024;

const statesAfter = { enable: 'Enabled', disable: 'Disabled', maintain: 'Maintenance' } as const;

/** What people do with hosts. */
export function createHostService(deps: ServiceDeps): HostService {
  const { store, connections, clock, log, turns } = deps;
  const underWay = new Set<string>();

  async function need(uuid: string): Promise<Host> {
    const host = await store.getHost(uuid);
    if (host === undefined) throw notFound('host', uuid, 'QueryHost');
    return host;
  }

  /** Reads a host and writes it back changed, with no other change of it in between. Gives both. */
  function change(uuid: Uuid, by: (host: Host) => Partial<Host>): Promise<readonly [Host, Host]> {
    return turns(uuid, async () => {
      const before = await need(uuid);
      const after = { ...before, ...by(before), lastOpDate: clock.now() };
      await store.saveHost(after).catch((error: unknown) => Promise.reject(takenAddress(after, error)));
      return [before, after] as const;
    });
  }

  return {
    addHost: (input) => addHost(deps, underWay, input),

    async updateHost(uuid, wish) {
      const changes = readChange(wish);
      const [before, after] = await change((await need(uuid)).uuid, () => changes);
      if (!isOtherReach(before, after)) return;
      log.info({ host: after.name }, 'the way to a host was changed');
      // How that went shows the host's status: the change itself is made.
      await connections.connect(after).catch(() => undefined);
    },

    async changeHostState(uuid, event) {
      const host = await need(uuid);
      if (event === 'maintain') {
        // Somebody may have started a VM since the last look; a host that is away cannot be asked.
        if (connections.isConnected(host.uuid)) await connections.look(host.uuid);
        refuseWhileVmsRun(host, await store.listVmsOf(host.uuid));
      }
      await change(host.uuid, () => ({ state: statesAfter[event] }));
    },

    async reconnectHost(uuid) {
      await connections.connect(await need(uuid));
    },

    async deleteHost(uuid) {
      const host = await store.getHost(uuid);
      if (host === undefined) return;
      refuseWhileDevicesAreGiven(host, await store.listVmsOf(host.uuid));
      await connections.forget(host.uuid);
      try {
        await turns(host.uuid, () => store.deleteHost(host.uuid));
      } catch (error) {
        connections.connect(host).catch(() => undefined);
        throw error;
      }
      log.info({ host: host.name }, 'a host was removed');
    },

    async runShell(hostUuids, script) {
      if (Buffer.byteLength(script) > maxScriptBytes) throw badArgument('script', 'must have at most 1 MiB');
      const hosts = await Promise.all([...new Set(hostUuids)].map((uuid) => need(uuid)));
      if (hosts.length === 0) throw badArgument('hostUuids', 'must name at least one host');
      log.info({ hosts: hosts.map(({ name }) => name) }, 'a script runs on hosts');
      return runScript(
        connections,
        hosts.map(({ uuid }) => uuid),
        script,
      );
    },

    publicKey: async () => (await deps.readOwnKey()).publicKey,
  };
}

function readChange(wish: Partial<AddHostInput>): Partial<Host> {
  const { name, description, managementIp, username, password, sshPort, systemTags } = wish;
  const { hostKey } = readConnectionTags(systemTags);
  return {
    ...(name !== undefined && { name: checkName(name) }),
    ...(description !== undefined && { description }),
    ...(managementIp !== undefined && { managementIp: checkManagementIp(managementIp) }),
    ...(username !== undefined && { username: checkUsername(username) }),
    ...(password !== undefined && password !== hiddenPassword && { password: checkPassword(password) }),
    ...(sshPort !== undefined && { sshPort: checkSshPort(sshPort) }),
    ...(hostKey !== undefined && { hostKey }),
  };
}

const reachParts = ['managementIp', 'sshPort', 'username', 'password', 'hostKey'] as const;
const isOtherReach = (before: Host, after: Host): boolean =>
  before.connection === 'ssh' && reachParts.some((part) => before[part] !== after[part]);
