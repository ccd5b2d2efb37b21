import type { Uuid } from './uuid.ts';

/** Lets pieces of work on the same resource run one after the other; a failed one does not hold up the next. */
export function createTurns(): <T>(uuid: Uuid, work: () => Promise<T>) => Promise<T> {
  const last = new Map<Uuid, Promise<unknown>>();
  return (uuid, work) => {
    const outcome = (last.get(uuid) ?? Promise.resolve()).then(work);
    const settled = outcome.catch(() => undefined);
    last.set(uuid, settled);
    void settled.then(() => {
      if (last.get(uuid) === settled) last.delete(uuid);
    });
    return outcome;
  };
}
