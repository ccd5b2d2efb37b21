import type { Command } from '../commands/command.ts';
import type { Execute } from '../execute.ts';
import { completion, completionCodeOf } from './read-pieces.ts';

/** Completion code of commands that a board does not have: it needs no reservation then. IPMI 2.0 §5.2 */
const unknownCommand = 0xc1;

/** A reservation is lost whenever another program reserves: so often in a row, and in all. */
const maxLosses = { inRow: 4, total: 64 } as const;

/** Runs `work` with a reservation, again with a new one when it was lost meanwhile. */
export type Reserved = <T>(work: (reservation: number) => Promise<T>) => Promise<T>;

/** A reservation that is taken at its first use and renewed a bounded number of times. IPMI 2.0 §31.4, §33.11 */
export function reservedBy(execute: Execute, reserve: Command<undefined, number>, lun = 0): Reserved {
  let current: number | undefined;
  let losses = 0;
  const take = (): Promise<number> =>
    execute(reserve, undefined, { lun }).catch((error: unknown) => {
      if (completionCodeOf(error) === unknownCommand) return 0;
      throw error;
    });
  return async (work) => {
    for (let inRow = 1; ; inRow++) {
      current ??= await take();
      try {
        return await work(current);
      } catch (error) {
        const lost = completionCodeOf(error) === completion.reservationLost;
        if (!lost || inRow > maxLosses.inRow || losses >= maxLosses.total) throw error;
        losses += 1;
        current = undefined;
      }
    }
  };
}
