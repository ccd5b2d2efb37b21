/** Lets pieces of work with the same key run one after the other; a failed one does not hold up the next. */
export function createTurns<Key>(): <T>(key: Key, work: () => Promise<T>) => Promise<T> {
  const last = new Map<Key, Promise<unknown>>();
  return (key, work) => {
    const outcome = (last.get(key) ?? Promise.resolve()).then(work);
    const settled = outcome.catch(() => undefined);
    last.set(key, settled);
    void settled.then(() => {
      if (last.get(key) === settled) last.delete(key);
    });
    return outcome;
  };
}
