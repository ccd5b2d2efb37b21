import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/log.ts';
import { parseUuid } from '../../base/uuid.ts';
import type { Machines, VmSide } from '../ports.ts';
import { inWordsOf } from './in-words.ts';
import { openStreamLine } from './stream-line.ts';

const inWords = inWordsOf({
  'not-found': 'not-found',
  refused: 'unavailable',
  conflict: 'in-use',
});

/** The VMs of KVM hosts as machines with consoles: VNC and the first serial port. They have no runs. */
export function vmMachines(
  side: VmSide,
  { clock, log }: { readonly clock: Clock; readonly log: Logger },
): Machines {
  return {
    async subject(kind, text) {
      const uuid = kind === 'vm' ? parseUuid(text) : undefined;
      const name = uuid === undefined ? undefined : await inWords(side.name(uuid));
      return uuid === undefined || name === undefined ? undefined : { kind, uuid, name };
    },
    async view({ uuid }) {
      return { kind: 'vm', uuid, ...(await inWords(side.view(uuid))) };
    },
    timeline: async () => [],
    hasSerial: ({ uuid }) => inWords(side.serialState(uuid)),
    async openSerial({ uuid, name }, { takeOver }, receive) {
      const stream = await inWords(side.openSerial(uuid, { takeOver }));
      log.info({ vm: uuid, takeOver }, 'the serial console of a VM was opened');
      const endText = `the serial console of VM ${name} ended; it comes back when the VM runs and nobody else has it`;
      return openStreamLine(stream, { clock, receive, endText });
    },
    hasScreen: ({ uuid }) => inWords(side.hasScreen(uuid)),
    openScreen: ({ uuid }) => inWords(side.openScreen(uuid)),
    power: ({ uuid }, action) => inWords(side.power(uuid, action)),
    watch: (changed) => side.watch((uuid) => changed({ kind: 'vm', uuid })),
  };
}
