import type { Clock } from '../base/clock.ts';
import { messageOf } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import type { RandomBytes } from '../base/random.ts';
import { newUuid } from '../base/uuid.ts';
import type { ManagementNodeStore } from './ports.ts';

const beatMs = 60_000;

/** This server among the management nodes. */
export interface ManagementNode {
  /** Our own version, beside the one of ZStack that the API answers. */
  readonly rackwrightVersion: string;
  now(): number;
  /** Notes that the server lives; never rejects, a fault is logged. */
  beat(): Promise<void>;
  close(): void;
}

/** Records the server under a uuid that lasts over restarts and notes each minute that it lives. Rejects with StoreError. */
export async function openManagementNode(deps: {
  readonly store: ManagementNodeStore;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly log: Logger;
  /** As clients know the server: the host of the public URL, else the machine's name. */
  readonly hostName: string;
  readonly rackwrightVersion: string;
}): Promise<ManagementNode> {
  const { store, clock, random, log, hostName, rackwrightVersion } = deps;
  const uuid = await store.join({ uuid: newUuid(random), hostName, at: clock.now() });
  const beat = async (): Promise<void> => {
    try {
      await store.heartBeat(uuid, clock.now());
    } catch (error) {
      log.error({ err: messageOf(error) }, 'the heart beat could not be written');
    }
  };
  let stop = (): void => {};
  const again = (): void => {
    stop = clock.after(beatMs, () => {
      void beat();
      again();
    });
  };
  again();
  return { rackwrightVersion, now: () => clock.now(), beat, close: () => stop() };
}
