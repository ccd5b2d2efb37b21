import type { Clock } from '../base/clock.ts';
import { messageOf } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import type { RandomBytes } from '../base/random.ts';
import { newUuid, parseUuid } from '../base/uuid.ts';
import type { Notification } from './model.ts';
import type { NotificationStore } from './ports.ts';
import type { NewNotification, NotificationService } from './service.ts';
import type { Settings } from './settings.ts';

/** As long as the product's column. */
const maxContent = 2048;
/** Different notifications that may wait for the disk; far more than there are faults at a time. */
const maxWaiting = 1000;
/** A disk that refuses every row is told once a minute. */
const quietMs = 60_000;

/** What has been told since the write of the same key began. */
interface Waiting {
  latest: NewNotification | undefined;
  times: number;
}

function keyOf({ name, resourceType = '', resourceUuid = '' }: NewNotification): string {
  return `${name} ${resourceType} ${resourceUuid}`;
}

const normal = (uuids: readonly string[]): readonly string[] => [
  ...new Set(uuids.map((uuid) => parseUuid(uuid) ?? uuid)),
];

/** Notifications. While one is being written, more of the same are counted and become one write. */
export function createNotificationService(deps: {
  readonly store: NotificationStore;
  readonly settings: Pick<Settings, 'get'>;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly log: Logger;
}): NotificationService {
  const { store, settings, clock, log } = deps;
  const writing = new Map<string, Waiting>();
  let quietUntil = Number.NEGATIVE_INFINITY;

  function complain(name: string, reason: string): void {
    const now = clock.now();
    if (now < quietUntil) return;
    quietUntil = now + quietMs;
    log.error(
      { notification: name, err: reason },
      'a notification was lost; others may follow unsaid for a minute',
    );
  }

  function rowOf(told: NewNotification, times: number): Notification {
    const now = clock.now();
    return {
      uuid: newUuid(deps.random),
      name: told.name,
      content: told.content.slice(0, maxContent),
      type: told.type,
      status: 'Unread',
      sender: told.sender,
      resourceType: told.resourceType,
      resourceUuid: told.resourceUuid,
      opaque: told.opaque === undefined ? undefined : JSON.stringify(told.opaque),
      occurrences: times,
      time: now,
      createDate: now,
      lastOpDate: now,
    };
  }

  async function write(key: string, first: NewNotification, waiting: Waiting): Promise<void> {
    for (let told: NewNotification | undefined = first, times = 1; told !== undefined; ) {
      try {
        await store.record(rowOf(told, times), settings.get('notification.keep'));
      } catch (error) {
        complain(told.name, messageOf(error));
      }
      ({ latest: told, times } = waiting);
      waiting.latest = undefined;
      waiting.times = 0;
    }
    writing.delete(key);
  }

  return {
    notify(told) {
      const key = keyOf(told);
      const waiting = writing.get(key);
      if (waiting !== undefined) {
        waiting.latest = told;
        waiting.times += 1;
        return;
      }
      if (writing.size >= maxWaiting) return complain(told.name, 'too many notifications wait for the disk');
      const begun: Waiting = { latest: undefined, times: 0 };
      writing.set(key, begun);
      void write(key, told, begun);
    },
    setStatus: (uuids, status) => store.setStatus(normal(uuids), status, clock.now()),
    deleteNotifications: (uuids) => store.deleteNotifications(normal(uuids)),
  };
}
