import type { Uuid } from '../base/uuid.ts';
import type { ClusterRef, Placement } from './ports.ts';

/** Which PXE servers may not serve a run, kept in memory because it is asked in the DHCP reply path. */
export interface Borders {
  /** Draws the borders of a run as things stand; later changes of clusters concern the next run. */
  draw(runUuid: Uuid, placement: Placement): void;
  /** The cluster of a server that stands beyond a run's border; undefined for one that may serve it. */
  beyond(runUuid: Uuid, serverUuid: Uuid): ClusterRef | undefined;
  forget(runUuid: Uuid): void;
}

/** Builds borders of no run. */
export function createBorders(): Borders {
  const barred = new Map<Uuid, ReadonlyMap<Uuid, ClusterRef>>();
  return {
    draw(runUuid, { cluster, serverClusters }) {
      if (cluster === undefined) return;
      barred.set(runUuid, new Map([...serverClusters].filter(([, { uuid }]) => uuid !== cluster.uuid)));
    },
    beyond: (runUuid, serverUuid) => barred.get(runUuid)?.get(serverUuid),
    forget: (runUuid) => void barred.delete(runUuid),
  };
}
