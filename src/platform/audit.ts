import type { Clock } from '../base/clock.ts';
import type { RandomBytes } from '../base/random.ts';
import { newUuid } from '../base/uuid.ts';
import type { AuditEntry } from './model.ts';
import type { AuditStore } from './ports.ts';
import type { AuditLog } from './service.ts';

/** The audit log over its store. Entries of one tick are one write; `append` resolves when they are durable, rejects with StoreError. */
export function createAuditLog(deps: {
  readonly store: AuditStore;
  readonly clock: Clock;
  readonly random: RandomBytes;
}): AuditLog {
  const { store, clock, random } = deps;
  let waiting: AuditEntry[] = [];
  let written: Promise<void> | undefined;

  const flush = async (): Promise<void> => {
    // A microtask later: every entry that this tick still adds goes along, and none is left behind when the store closes.
    await Promise.resolve();
    const entries = waiting;
    waiting = [];
    written = undefined;
    await store.append(entries);
  };

  return {
    append(entry) {
      waiting.push({ ...entry, uuid: newUuid(random), createDate: clock.now() });
      return (written ??= flush());
    },
  };
}
