import type { CommandResult, HostShell } from '../../src/net/shell.ts';
import { NetError } from '../../src/net/errors.ts';

/** One command as a host gets it. */
export interface HostCommand {
  readonly argv: readonly string[];
  readonly input: string;
}

/** What a model does with a command; undefined when it knows none such. `half`: the machine dies in the middle of it. */
export type HostModel = (command: HostCommand, half: boolean) => CommandResult | undefined;

/** A host in memory that can be told to fail, or to lose its connection at any command. */
export interface FakeHostShell {
  /** A new connection; the ones before are dead after a kill. */
  connect(): HostShell;
  /** Everything that was run, in order. */
  readonly commands: HostCommand[];
  /** The next command that this is true of ends so, without effect. */
  failNext(match: (command: HostCommand) => boolean, result: Partial<CommandResult>): void;
  /** The command of this number (0 is the next) kills the connection: without effect, half done, or done but without an answer. */
  killAt(number: number, when: 'before' | 'during' | 'after'): void;
  /** The next kill leaves the connection alone and ends its command so: a program of the host died, not the way to it. */
  killAnswer: CommandResult | undefined;
  /** Told when a kill happens. */
  onKill: () => void;
}

/** How a command ended well. */
export function ended(change: Partial<CommandResult> = {}): CommandResult {
  return { exitCode: 0, signal: undefined, stdout: '', stderr: '', truncated: false, ...change };
}

/** A host that behaves as the model says; a command that no model knows ends with 127. */
export function createFakeHostShell(model: HostModel): FakeHostShell {
  const failures: { match: (command: HostCommand) => boolean; result: Partial<CommandResult> }[] = [];
  let generation = 0;
  let kill: { number: number; when: 'before' | 'during' | 'after' } | undefined;
  let count = 0;

  const fake: FakeHostShell = {
    commands: [],
    onKill: () => undefined,
    failNext: (match, result) => void failures.push({ match, result }),
    killAt(number, when) {
      kill = { number, when };
      count = 0;
    },
    killAnswer: undefined,
    connect() {
      const mine = ++generation;
      const lost = (): NetError => new NetError('closed', 'the connection to the host is lost');
      return {
        async run(argv, options = {}) {
          await Promise.resolve();
          if (mine !== generation) throw lost();
          const command = { argv, input: options.input ?? '' };
          fake.commands.push(command);
          const now = count++;
          if (kill?.number === now) {
            const { when } = kill;
            kill = undefined;
            if (when !== 'before') model(command, when === 'during');
            fake.onKill();
            if (fake.killAnswer !== undefined) return fake.killAnswer;
            generation++;
            throw lost();
          }
          const failure = failures.findIndex(({ match }) => match(command));
          const [planned] = failure === -1 ? [] : failures.splice(failure, 1);
          if (planned !== undefined) return ended({ exitCode: 1, ...planned.result });
          return model(command, false) ?? ended({ exitCode: 127, stderr: `unknown: ${argv.join(' ')}` });
        },
        follow: () => Promise.reject(new NetError('refused', 'this host follows nothing')),
        connect: () => Promise.reject(new NetError('refused', 'this host listens nowhere')),
        closed: new Promise(() => undefined),
        close: async () => undefined,
      };
    },
  };
  return fake;
}
