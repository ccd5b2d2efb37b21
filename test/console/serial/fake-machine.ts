import { ConsoleError, type ConsoleErrorCode } from '../../../src/console/errors.ts';
import type { SerialNews } from '../../../src/console/ports.ts';
import type { OpenLine } from '../../../src/console/serial/session.ts';

/** A machine with one serial line: who opens it while it is open fails the test. */
export interface FakeMachine {
  readonly open: OpenLine;
  /** Says something over the open line. */
  readonly say: (news: SerialNews) => void;
  readonly print: (text: string) => void;
  readonly opened: () => number;
  readonly isOpen: () => boolean;
  readonly typed: () => string;
  readonly tookOver: () => number;
  /** How the next openings end; undefined: they work. */
  refusal: ConsoleErrorCode | undefined;
  /** Openings wait for `let in`. */
  isSlow: boolean;
  readonly letIn: () => void;
  knowsBreak: boolean;
  /** Writes never come back. */
  isStuck: boolean;
}

export function createFakeMachine(): FakeMachine {
  let receive: ((news: SerialNews) => void) | undefined;
  let opened = 0;
  let tookOver = 0;
  let typed = '';
  let letIn = (): void => {};

  const machine: FakeMachine = {
    async open(takeOver, hear) {
      opened += 1;
      if (takeOver) tookOver += 1;
      if (receive !== undefined) throw new Error('two lines to one machine');
      if (machine.isSlow) await new Promise<void>((resolve) => (letIn = resolve));
      if (machine.refusal !== undefined && !(machine.refusal === 'in-use' && takeOver))
        throw new ConsoleError(machine.refusal, `refused: ${machine.refusal}`);
      receive = hear;
      return {
        async write(data) {
          if (machine.isStuck) await new Promise(() => undefined);
          typed += Buffer.from(data).toString();
        },
        sendBreak: machine.knowsBreak
          ? async () => {
              typed += '<break>';
            }
          : undefined,
        async close() {
          // A BMC takes its time.
          for (let turns = 0; turns < 10; turns++) await Promise.resolve();
          if (receive !== hear) return;
          receive = undefined;
          hear({ kind: 'ended', text: undefined });
        },
      };
    },
    say(news) {
      const hear = receive;
      if (news.kind === 'ended') receive = undefined;
      hear?.(news);
    },
    print: (text) => machine.say({ kind: 'output', data: Buffer.from(text) }),
    opened: () => opened,
    isOpen: () => receive !== undefined,
    typed: () => typed,
    tookOver: () => tookOver,
    refusal: undefined,
    isSlow: false,
    letIn: () => letIn(),
    knowsBreak: true,
    isStuck: false,
  };
  return machine;
}
