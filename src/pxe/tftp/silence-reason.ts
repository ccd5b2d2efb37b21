import type { Transfer } from './transfer.ts';

/** What silence at this point usually means, for a person who stands before the machine. */
export function silenceReason({ plan, phase, acked }: Transfer): string {
  if (acked > 0) {
    return (
      `client stopped acknowledging after block ${acked} of ${plan.lastBlock}: ` +
      'it was reset or lost its link'
    );
  }
  if (phase === 'sending' && plan.answer.length > 0) {
    return (
      `client stopped acknowledging after block 0, although it took the option answer: ` +
      `packets of ${plan.blockSize + 32} bytes do not reach it (look at the MTU of the path)`
    );
  }
  return 'client stopped acknowledging after block 0: a firewall that blocks high UDP ports is the usual cause';
}
