import type { Ipv4 } from '../../base/ipv4.ts';
import type { Uuid } from '../../base/uuid.ts';
import type { LookAtInterface } from '../../net/interface-state.ts';
import { type SegmentDeps, type SegmentOptions, type SegmentSettings, startSegment } from '../segment.ts';
import type { ForeignServer } from './foreign-servers.ts';
import { type KeeperDeps, type KeptSegment, keepSegment } from './segment-keeper.ts';

/** A segment that shall run. */
export interface SegmentWish {
  readonly serverUuid: Uuid;
  readonly device: string;
  readonly settings: SegmentSettings;
  /** An interface that is not there yet is waited for. */
  readonly patient: boolean;
}

/** All segments of this process. */
export interface Segments {
  /** Starts one; one that runs stays as it is. Rejects as startSegment does. */
  start(wish: SegmentWish): Promise<void>;
  /** Takes other settings at once; does nothing for one that does not run. Throws PxeError `bad-dhcp-settings`. */
  update(serverUuid: Uuid, settings: Partial<SegmentSettings>): void;
  /** Other DHCP servers on its segment, within the time; [] where it does not run. Never rejects. */
  otherServers(serverUuid: Uuid, withinMs: number): Promise<readonly ForeignServer[]>;
  /** Base of boot URLs; undefined while the services are not running. */
  bootUrl(serverUuid: Uuid): string | undefined;
  /** Stopping what does not run is fine. */
  stop(serverUuid: Uuid): Promise<void>;
  close(): Promise<void>;
}

type Common = Omit<SegmentOptions, 'serverUuid' | 'device' | 'address' | 'netmask' | 'settings'>;

/** Builds the keeper of all segments; `changed` is told when the services of one went with its interface, and when they are back. */
export function createSegments(
  common: Common,
  deps: Omit<SegmentDeps, 'isOwnServer'> &
    Pick<KeeperDeps, 'moving'> & {
      readonly openInterfaceLook: () => Promise<LookAtInterface>;
      readonly changed: (serverUuid: Uuid, problem: string | undefined) => void;
    },
): Segments {
  const kept = new Map<Uuid, KeptSegment>();
  const addresses = new Map<Uuid, Ipv4>();
  const isOwnServer = (server: Ipv4): boolean => [...addresses.values()].includes(server);

  async function stop(serverUuid: Uuid): Promise<void> {
    const segment = kept.get(serverUuid);
    kept.delete(serverUuid);
    await segment?.close();
    addresses.delete(serverUuid);
  }

  return {
    async start({ serverUuid, device, settings, patient }) {
      if (kept.has(serverUuid)) return;
      const segment = await keepSegment(
        { device, settings, patient },
        {
          async start(on, now) {
            addresses.set(serverUuid, on.address);
            const options = { ...common, ...on, serverUuid, device, settings: now };
            const started = await startSegment(options, { ...deps, isOwnServer });
            deps.log.info(
              { server: serverUuid, interface: device, url: started.bootUrl, mode: now.mode },
              'PXE server running',
            );
            return started;
          },
          look: await deps.openInterfaceLook(),
          moving: deps.moving,
          changed: (problem) => deps.changed(serverUuid, problem),
          clock: deps.clock,
          log: deps.log,
        },
      );
      kept.set(serverUuid, segment);
    },
    update: (serverUuid, settings) => kept.get(serverUuid)?.update(settings),
    otherServers: async (serverUuid, withinMs) => kept.get(serverUuid)?.otherServers(withinMs) ?? [],
    bootUrl: (serverUuid) => kept.get(serverUuid)?.segment()?.bootUrl,
    stop,
    async close() {
      for (const uuid of kept.keys()) await stop(uuid);
    },
  };
}
