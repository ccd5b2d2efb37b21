import { type ClearSelReply, clearSelCommand } from '../commands/storage/clear-sel.ts';
import { reserveSel } from '../commands/storage/reserve.ts';
import type { Execute } from '../execute.ts';
import { reservedBy } from '../sdr/reservation.ts';
import { IpmiError } from '../types.ts';

/** Questions to a BMC that erases, one after each wait. */
const maxAsks = 60;

/**
 * Clears the system event log and resolves when the BMC has erased it. `wait` resolves when the next question is due, about a second later.
 * A reservation that an event or another program cancels is renewed a bounded number of times. Rejects with IpmiError: `busy` when the BMC
 * still erases after 60 questions. IPMI 2.0 §31.9
 */
export async function clearSel(execute: Execute, wait: () => Promise<void>): Promise<void> {
  const reserved = reservedBy(execute, reserveSel);
  const send = (action: 'start' | 'ask'): Promise<ClearSelReply> =>
    reserved((reservation) => execute(clearSelCommand, { reservation, action }));
  let progress = await send('start');
  for (let asks = 0; progress !== 'done'; asks++) {
    if (asks === maxAsks)
      throw new IpmiError('busy', 'the BMC still erases its event log; look again in some minutes');
    await wait();
    progress = await send('ask');
  }
}
