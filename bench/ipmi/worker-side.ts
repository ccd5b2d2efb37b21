/** The worker's end of `startWorker`: answers each order of the parent; ends when the parent has gone. */
export function serveOrders(obey: (order: never) => Promise<object>): void {
  process.on('message', (order: unknown) => {
    void obey(order as never).then(
      (answer) => process.send?.({ answer }),
      (error: unknown) => process.send?.({ error: String(error) }),
    );
  });
  process.once('disconnect', () => process.exit());
}

/** Processor time of this process so far, milliseconds. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
