import { randomBytes } from 'node:crypto';
import { PassThrough } from 'node:stream';
import type { Uuid } from '../../../src/base/uuid.ts';
import { type ConnectionDeps, createConnections } from '../../../src/kvm/connection/manager.ts';
import type { Host } from '../../../src/kvm/model.ts';
import type { KvmNotice } from '../../../src/kvm/ports.ts';
import type { CommandResult, HostShell } from '../../../src/net/shell.ts';
import { NetError } from '../../../src/net/errors.ts';
import { host as hostRecord } from '../../support/fake-kvm-records.ts';
import { keepingLog } from '../../support/keeping-log.ts';
import { memoryKvmStore } from '../../support/memory-kvm-store.ts';
import { createTestClock } from '../../support/provision-harness.ts';

/** A shell whose end, lines and commands the test decides. */
export class TestShell implements HostShell {
  readonly followers = new Map<string, { line: (text: string) => void; ended: (why: string) => void }>();
  running = 0;
  most = 0;
  isClosed = false;
  lose: (why: string) => void = () => undefined;
  readonly closed = new Promise<string>((resolve) => void (this.lose = resolve));
  answer: (argv: readonly string[]) => Promise<string> = async () => '';
  refusesToFollow = false;

  async run(argv: readonly string[]): Promise<CommandResult> {
    this.running++;
    this.most = Math.max(this.most, this.running);
    try {
      const stdout = await Promise.race([this.answer(argv), this.closed.then(() => Promise.reject(gone()))]);
      return { exitCode: 0, signal: undefined, stdout, stderr: '', truncated: false };
    } finally {
      this.running--;
    }
  }

  follow: HostShell['follow'] = async (argv, receive) => {
    if (this.refusesToFollow) throw new NetError('refused', 'no more sessions');
    const name = argv.includes('udevadm') ? 'udevadm' : 'virsh';
    this.followers.set(name, receive);
    return { close: () => void this.followers.delete(name) };
  };

  connect: HostShell['connect'] = async () => new PassThrough();

  close: HostShell['close'] = async () => {
    this.isClosed = true;
    this.lose('it was closed');
  };
}

const gone = (): NetError => new NetError('closed', 'the connection to the host is gone');

/** Connections whose hosts are objects of the test; `open` decides how each try ends. */
export function connectionWorld(changes: Partial<ConnectionDeps> = {}) {
  const clock = createTestClock();
  const store = memoryKvmStore();
  const notices: KvmNotice[] = [];
  const shells: TestShell[] = [];
  const looks: string[] = [];
  const log = keepingLog();
  const world = {
    clock,
    store,
    notices,
    shells,
    looks,
    log,
    opening: async (_host: Host): Promise<void> => undefined,
    /** Statuses in the order in which they were saved. */
    statuses: [] as string[],
    async addHost(change: Partial<Host> = {}): Promise<Host> {
      const made = hostRecord('c'.repeat(32) as Uuid, { hostKey: undefined, ...change });
      await store.saveHost(made);
      return made;
    },
    shell: () => shells.at(-1)!,
    async status(uuid: Uuid) {
      const { status, statusCause, hostKey } = (await store.getHost(uuid))!;
      return { status, statusCause, hostKey };
    },
  };
  const connections = createConnections({
    store: {
      getHost: store.getHost.bind(store),
      listHosts: store.listHosts.bind(store),
      async saveHostStatus(uuid, change) {
        world.statuses.push(change.status);
        await store.saveHostStatus(uuid, change);
      },
    },
    open: async (host) => {
      await world.opening(host);
      const shell = new TestShell();
      shells.push(shell);
      return { shell, hostKey: 'SHA256:seen' };
    },
    probe: async (shell) => {
      await shell.run(['look']);
      return { sections: new Map(), time: clock.now() };
    },
    libvirtUri: 'qemu:///system',
    notify: (notice) => void notices.push(notice),
    clock,
    random: randomBytes,
    log,
    ...changes,
  });
  connections.observe(async (host) => void looks.push(host.name));
  return Object.assign(world, { connections });
}
