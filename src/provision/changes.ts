import { messageOf } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import type { Uuid } from '../base/uuid.ts';

/** Tells those who show chassis that something about one has changed. */
export interface Changes {
  /** Never throws; what changes at once is told once, after it. */
  tell(chassisUuid: Uuid): void;
  /** Calls `changed` after changes, until the answer is called. */
  watch(changed: (chassisUuid: Uuid) => void): () => void;
}

/** Builds it without listeners. */
export function createChanges(log: Logger): Changes {
  const listeners = new Set<(chassisUuid: Uuid) => void>();
  let waiting = new Set<Uuid>();

  function flush(): void {
    const changed = waiting;
    waiting = new Set();
    for (const listener of listeners)
      for (const chassisUuid of changed)
        try {
          listener(chassisUuid);
        } catch (error) {
          log.error(
            { chassis: chassisUuid, reason: messageOf(error) },
            'a change of a chassis could not be told',
          );
        }
  }

  return {
    tell(chassisUuid) {
      if (listeners.size === 0) return;
      if (waiting.size === 0) queueMicrotask(flush);
      waiting.add(chassisUuid);
    },
    watch(changed) {
      // Its own place, though the same function may watch twice.
      const listener = (chassisUuid: Uuid): void => changed(chassisUuid);
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
