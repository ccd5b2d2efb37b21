/** Lets `width` tasks run at once and `queue` more wait; a further one is refused (undefined) at once. */
export function createGate(
  width: number,
  queue: number,
): <T>(task: () => Promise<T>) => Promise<T> | undefined {
  let running = 0;
  const waiting: Array<() => void> = [];
  const enter = async (): Promise<void> => {
    if (running < width) {
      running += 1;
      return;
    }
    await new Promise<void>((resolve) => {
      waiting.push(resolve);
    });
  };
  const leave = (): void => {
    const next = waiting.shift();
    if (next) next();
    else running -= 1;
  };
  return (task) => {
    if (running >= width && waiting.length >= queue) return undefined;
    return (async () => {
      await enter();
      try {
        return await task();
      } finally {
        leave();
      }
    })();
  };
}
