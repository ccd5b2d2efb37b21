import type { Uuid } from '../base/uuid.ts';
import { effectiveMode } from './dhcp-plan.ts';
import type { PxeServer } from './model.ts';
import type { Placement } from './ports.ts';
import type { ProvisionErrorCode } from './service.ts';

/** The PXE server of a run, or why there is none. */
type ServerChoice =
  | { readonly kind: 'chosen'; readonly uuid: Uuid }
  | { readonly kind: 'none'; readonly code: ProvisionErrorCode; readonly text: string };

/** More than this would make the error text unreadable. */
const listedServers = 10;

function describe(server: PxeServer, running: boolean, { cluster, serverClusters }: Placement): string {
  const home = serverClusters.get(server.uuid);
  const place = home === undefined ? 'in no cluster' : `in cluster "${home.name}"`;
  const reason =
    cluster !== undefined && home !== undefined && home.uuid !== cluster.uuid
      ? 'not for this chassis'
      : 'observes only';
  const state = running ? reason : 'stopped';
  return `"${server.name}" on ${server.dhcpInterface} ${place} (${server.heldBack === undefined ? state : `held back: ${server.heldBack}`})`;
}

/**
 * The running PXE server for a chassis: one of its own cluster, else one of no cluster. A chassis of no cluster takes any, those
 * of no cluster first: then the operator has not said which rack it stands in. One that only observes gives no boots.
 */
export function chooseServer(
  servers: readonly PxeServer[],
  isRunning: (serverUuid: Uuid) => boolean,
  placement: Placement,
): ServerChoice {
  const { cluster, serverClusters } = placement;
  /** 0 is best; undefined is not allowed. */
  const rankOf = ({ uuid }: PxeServer): number | undefined => {
    const home = serverClusters.get(uuid);
    if (home === undefined) return 1;
    if (cluster === undefined) return 2;
    return home.uuid === cluster.uuid ? 0 : undefined;
  };
  const allowed = servers
    .flatMap((server) => {
      const rank = rankOf(server);
      return rank === undefined ? [] : [{ server, rank }];
    })
    .toSorted((a, b) => a.rank - b.rank);
  const best = allowed.find(({ server }) => isRunning(server.uuid) && effectiveMode(server) !== 'observe');
  if (best) return { kind: 'chosen', uuid: best.server.uuid };
  if (servers.length === 0) {
    return {
      kind: 'none',
      code: 'no-pxe-server',
      text: 'there is no PXE server; create one on the interface that the machines boot from',
    };
  }
  const more = servers.length > listedServers ? ` and ${servers.length - listedServers} more` : '';
  const list = servers
    .slice(0, listedServers)
    .map((server) => describe(server, isRunning(server.uuid), placement))
    .join(', ');
  if (allowed.length > 0) {
    const where = cluster === undefined ? '' : ` for cluster "${cluster.name}"`;
    return {
      kind: 'none',
      code: 'pxe-server-stopped',
      text: `no PXE server is running${where}; start one with startBaremetalPxeServer. There are: ${list}${more}`,
    };
  }
  return {
    kind: 'none',
    code: 'no-pxe-server',
    text: `no PXE server serves cluster "${cluster?.name}": put one into it, or take one out of its cluster, with updateBaremetalPxeServer and clusterUuid. There are: ${list}${more}`,
  };
}
