import { buildConsoles, type ConsoleDeps, consoleLimits, type Consoles } from './consoles.ts';
import { openRecord } from './record/record.ts';
import { openScreen, takeScreenshot } from './screens.ts';
import { createSerialHub } from './serial/hub.ts';

/** Builds the room on what knows machines: consoles with their records below `directory`. */
export function createConsoles(deps: ConsoleDeps): Consoles {
  const { machines, clock, log } = deps;
  const { recordBytes: capBytes } = { ...consoleLimits, ...deps.limits };
  return buildConsoles(deps, {
    openRecord: (_subject, directory) => openRecord({ directory, clock, log, capBytes }),
    openHub: (subject, record) =>
      createSerialHub({
        record,
        open: (takeOver, receive) => machines.openSerial(subject, { takeOver }, receive),
        clock,
        log,
      }),
    openScreen: (source, viewOnly) => openScreen({ source, viewOnly, clock }),
    takeScreenshot: (source) => takeScreenshot(source, { clock }),
  });
}
