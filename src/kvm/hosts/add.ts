import { messageOf } from '../../base/errors.ts';
import { parseUuid, type Uuid } from '../../base/uuid.ts';
import { checkName, checkResourceUuid, notFound, takenUuid } from '../checks.ts';
import type { OpenedHost } from '../connection/link.ts';
import type { ConnectionManager } from '../connection/manager.ts';
import { errorOfTrouble, troubleOf } from '../connection/trouble.ts';
import { KvmError } from '../errors.ts';
import type { Host, HostFacts } from '../model.ts';
import type { AddHostInput } from '../service.ts';
import { takenAddress } from './conflict.ts';
import type { HostsDeps } from './hosts.ts';
import {
  checkManagementIp,
  checkPassword,
  checkSshPort,
  checkUsername,
  readConnectionTags,
} from './input.ts';
import { openHost, type Reach } from './open.ts';

/** What adding needs. */
export interface AddDeps extends HostsDeps {
  readonly connections: Pick<ConnectionManager, 'connect'>;
}

/**
 * Adds a host that answers, is fit and can be looked at; otherwise nothing is stored. `underWay` has the addresses and uuids of adds
 * that run: of two at once, one is refused at once.
 */
export async function addHost(deps: AddDeps, underWay: Set<string>, input: AddHostInput): Promise<Uuid> {
  const name = checkName(input.name);
  const reach = readReach(input);
  const uuid = checkResourceUuid(input.resourceUuid, deps.random);
  const clusterUuid = await checkCluster(deps, input.clusterUuid);

  const claims = [uuid, reach.connection === 'local' ? 'local' : reach.managementIp, reach.managementIp];
  if (underWay.has(uuid)) throw takenUuid(uuid);
  if (claims.some((claim) => underWay.has(claim))) throw takenAddress(reach);
  for (const claim of claims) underWay.add(claim);
  try {
    await refuseDoubles(deps, uuid, reach);
    const { opened, facts } = await meet(deps, reach);
    const now = deps.clock.now();
    const host: Host = {
      ...reach,
      uuid,
      clusterUuid,
      name,
      description: input.description,
      hostKey: opened.hostKey,
      hypervisorType: 'KVM',
      state: 'Enabled',
      status: 'Connecting',
      statusCause: undefined,
      facts,
      createDate: now,
      lastOpDate: now,
    };
    await store(deps, host, opened);
    return uuid;
  } finally {
    for (const claim of claims) underWay.delete(claim);
  }
}

function readReach(input: AddHostInput): Reach {
  const { connection, hostKey } = readConnectionTags(input.systemTags);
  const place = {
    connection,
    managementIp: checkManagementIp(input.managementIp),
    sshPort: checkSshPort(input.sshPort),
  };
  if (connection === 'local') return { ...place, username: 'root', password: '', hostKey: undefined };
  return {
    ...place,
    username: checkUsername(input.username),
    password: checkPassword(input.password),
    hostKey,
  };
}

async function checkCluster(deps: AddDeps, wish: string): Promise<Uuid> {
  const wished = parseUuid(wish);
  const cluster = wished && (await deps.store.clusterOf(wished));
  if (!cluster) throw notFound('cluster', wish, 'QueryCluster');
  if (cluster.hypervisorType !== 'KVM') {
    const text = `cluster ${wish} is for ${cluster.hypervisorType}, not for KVM hosts; choose or create one with hypervisorType KVM`;
    throw new KvmError('refused', text);
  }
  if (cluster.state === 'Enabled') return cluster.uuid;
  throw new KvmError('refused', `cluster ${wish} is disabled; enable it, or choose another one`);
}

async function refuseDoubles(deps: AddDeps, uuid: Uuid, reach: Reach): Promise<void> {
  if (await deps.store.getHost(uuid)) throw takenUuid(uuid);
  for (const other of await deps.store.listHosts()) {
    if (other.managementIp === reach.managementIp) throw takenAddress(reach);
    if (other.connection === 'local' && reach.connection === 'local') {
      throw new KvmError('conflict', `the machine that Rackwright runs on is host "${other.name}" already`);
    }
  }
}

/** The connection to a host that is to be added, and what it says about itself. */
async function meet(deps: AddDeps, reach: Reach): Promise<{ opened: OpenedHost; facts: HostFacts }> {
  let opened: OpenedHost | undefined;
  try {
    opened = await openHost(deps, reach);
    return { opened, facts: deps.readFacts(await deps.probe(opened.shell)) };
  } catch (error) {
    await opened?.shell.close();
    throw error instanceof KvmError ? error : errorOfTrouble(troubleOf(error));
  }
}

async function store(deps: AddDeps, host: Host, opened: OpenedHost): Promise<void> {
  try {
    await deps.store.saveHost(host);
  } catch (error) {
    await opened.shell.close();
    throw takenAddress(host, error);
  }
  deps.log.info({ host: host.name }, 'a host was added');
  await deps.connections.connect(host, opened).catch((error: unknown) => {
    deps.log.warn({ host: host.name, error: messageOf(error) }, 'a new host could not be looked at yet');
  });
}
