/** Whom something tells that it changed. */
export interface Listeners {
  /** Tells all, once for all that happens until the current task is done. */
  readonly tell: () => void;
  /** Answers what takes the listener away. */
  readonly onChange: (listener: () => void) => () => void;
}

/** Nobody yet. */
export function createListeners(): Listeners {
  const listeners = new Set<() => void>();
  let isTelling = false;
  return {
    tell() {
      if (isTelling) return;
      isTelling = true;
      queueMicrotask(() => {
        isTelling = false;
        for (const listener of listeners) listener();
      });
    },
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
