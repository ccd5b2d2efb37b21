/** What somebody waits for: `command` for a person or a run, `status` for the regular look, `bulk` for long readings. */
export const priorities = ['command', 'status', 'bulk'] as const;

export type Priority = (typeof priorities)[number];

/** Somebody in a queue. */
export interface Waiting {
  readonly priority: Priority;
  /** How many that came later went first. */
  readonly passedOver: number;
}

/** After so many, one that waits goes before all others. */
const patience = 4;

/** Index of the next one: the best priority, first come first served, but nobody is passed over for ever. The list must not be empty. */
export function chooseNext(waiting: readonly Waiting[]): number {
  const starved = waiting.findIndex(({ passedOver }) => passedOver >= patience);
  if (starved >= 0) return starved;
  for (const priority of priorities) {
    const found = waiting.findIndex((one) => one.priority === priority);
    if (found >= 0) return found;
  }
  return 0;
}
