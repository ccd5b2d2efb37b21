/** Lets a limited number of pieces of work run at a time, in the order in which they came. */
export function createGate(limit: number): <T>(work: () => Promise<T>) => Promise<T> {
  let inside = 0;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (inside >= limit) await new Promise<void>((admit) => void waiting.push(admit));
    else inside++;
    try {
      return await work();
    } finally {
      // The place goes to who waits first, without being free in between.
      const next = waiting.shift();
      if (next) next();
      else inside--;
    }
  };
}
