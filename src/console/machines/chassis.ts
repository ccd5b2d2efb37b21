import type { Duplex } from 'node:stream';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/log.ts';
import { parseUuid } from '../../base/uuid.ts';
import { openSol, type SolTiming } from '../../ipmi/index.ts';
import { ConsoleError } from '../errors.ts';
import type { ChassisSide, Machines } from '../ports.ts';
import { inWordsOf } from './in-words.ts';
import { solFailure, solLine } from './sol-line.ts';

export interface ChassisMachinesDeps {
  readonly clock: Clock;
  readonly log: Logger;
  /** Opens a TCP connection; rejects when it is not there in time. */
  readonly connectTcp: (target: {
    readonly host: string;
    readonly port: number;
    readonly timeoutMs: number;
    readonly clock: Clock;
  }) => Promise<Duplex>;
  /** Of serial over LAN. */
  readonly timing?: Partial<SolTiming>;
}

const inWords = inWordsOf({
  'chassis-not-found': 'not-found',
  'storage-full': 'storage',
});

/** Installers are on the same network as their machines' other traffic: one that is there answers at once. */
const screenMs = 5000;

/** Readers come when the line is open, and keep what they want: only what came until then waits here. */
const scrollbackBytes = 64 * 1024;

/** Chassis as machines with consoles: serial over LAN through the BMC's shared session, and the screen of an installer. */
export function chassisMachines(side: ChassisSide, deps: ChassisMachinesDeps): Machines {
  const { clock, log, timing = {} } = deps;
  return {
    async subject(kind, text) {
      const uuid = kind === 'chassis' ? parseUuid(text) : undefined;
      const name = uuid === undefined ? undefined : await inWords(side.name(uuid));
      return uuid === undefined || name === undefined ? undefined : { kind, uuid, name };
    },
    async view({ uuid }) {
      return { kind: 'chassis', uuid, ...(await inWords(side.view(uuid))) };
    },
    timeline: (runUuid) => inWords(side.timeline(runUuid)),
    picture: async ({ uuid }, name) => side.screenshotFile && inWords(side.screenshotFile(uuid, name)),
    hasSerial: ({ uuid }) => inWords(side.solState(uuid)),
    async openSerial({ uuid }, { takeOver }, receive) {
      const state = await inWords(side.solState(uuid));
      if (!state.yes) throw new ConsoleError('unavailable', state.text);
      try {
        const connect = () => side.connectSol(uuid);
        const stream = await openSol({ connect, clock, log, takeOver, scrollbackBytes, timing });
        log.info({ chassis: uuid, takeOver }, 'the serial console of a machine was opened');
        return solLine(stream, receive);
      } catch (error) {
        throw solFailure(error);
      }
    },
    hasScreen: async ({ uuid }) => (await inWords(side.screen(uuid))) !== undefined,
    async openScreen({ uuid }) {
      const screen = await inWords(side.screen(uuid));
      if (screen === undefined)
        throw new ConsoleError(
          'unavailable',
          'no installer shows its screen now: one does from its start to its end, where its hostcfg has vnc; use the serial console',
        );
      const { address: host, port, password } = screen;
      const stream = await inWords(deps.connectTcp({ host, port, timeoutMs: screenMs, clock }));
      return { stream, password };
    },
    power: ({ uuid }, action) => inWords(side.power(uuid, action)),
    watch: (changed) => side.watch((uuid) => changed({ kind: 'chassis', uuid })),
  };
}
