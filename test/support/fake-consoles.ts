import { PassThrough } from 'node:stream';
import type { ConsoleCaller, ConsoleService } from '../../src/console/index.ts';
import { ConsoleError } from '../../src/console/index.ts';
import type { ConsoleSubject } from '../../src/console/ports.ts';
import type { Store } from '../../src/store/index.ts';
import { random, uuid } from './records.ts';

/** A console room that knows the machines of a store, grants tickets, and keeps what it was told. */
export function fakeConsoles(store: Pick<Store, 'provision' | 'kvm'>) {
  const calls: (readonly [name: string, ...given: unknown[]])[] = [];
  const callers: ConsoleCaller[] = [];
  const fake = {
    calls,
    /** For whom tickets were granted, in order. */
    callers,
    /** The recorded output of every machine; undefined: none. */
    recorded: undefined as readonly Uint8Array[] | undefined,
    hasScreen: true,
    /** Who of those that are there may stay, as the last `revokeUnseen` was told. */
    maySee: undefined as ((accountUuid: string) => Promise<boolean>) | undefined,
    /** What happens while a ticket is asked for. */
    meanwhile: async (): Promise<void> => {},
  };

  async function subjectOf(kind: ConsoleSubject['kind'], wished: string): Promise<ConsoleSubject> {
    const asked = wished as ConsoleSubject['uuid'];
    const found = await (kind === 'chassis' ? store.provision.getChassis(asked) : store.kvm.getVm(asked));
    if (found === undefined) throw new ConsoleError('not-found', `no such ${kind}`, { data: { kind } });
    return { kind, uuid: found.uuid, name: found.name };
  }

  const grant = async (kind: ConsoleSubject['kind'], wished: string, caller: ConsoleCaller) => {
    const subject = await subjectOf(kind, wished);
    callers.push(caller);
    await fake.meanwhile();
    return {
      uuid: uuid(),
      subject,
      ticket: Buffer.from(random(32)).toString('hex'),
      expiresAt: Date.now() + 120_000,
    };
  };
  const screenless = (): void => {
    if (!fake.hasScreen) throw new ConsoleError('unavailable', 'there is no screen now');
  };

  const service: ConsoleService = {
    async request(kind, wished, caller, options) {
      calls.push(['request', kind, wished, options]);
      return grant(kind, wished, caller);
    },
    async requestScreen(kind, wished, caller, options) {
      calls.push(['requestScreen', kind, wished, options]);
      screenless();
      return grant(kind, wished, caller);
    },
    open: async () => undefined,
    openScreen: async () => undefined,
    async screenshot(kind, wished) {
      await subjectOf(kind, wished);
      screenless();
      return { png: Uint8Array.of(0x89, 0x50, 0x4e, 0x47), width: 1, height: 1 };
    },
    async log(kind, wished, from) {
      await subjectOf(kind, wished);
      calls.push(['log', kind, wished, from]);
      const { recorded } = fake;
      if (recorded === undefined) throw new ConsoleError('unavailable', 'nothing is recorded');
      return PassThrough.from(recorded);
    },
    tail: async () => undefined,
    revokeSession: (session) => void calls.push(['revokeSession', session]),
    revokeAccount: (account) => void calls.push(['revokeAccount', account]),
    async revokeUnseen(machines, maySee) {
      calls.push(['revokeUnseen', machines]);
      fake.maySee = maySee;
    },
    dismiss: () => void calls.push(['dismiss']),
    forget: async (kind, wished) => void calls.push(['forget', kind, wished]),
  };
  return Object.assign(fake, { service });
}
