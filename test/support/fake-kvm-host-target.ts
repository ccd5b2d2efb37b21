import type { SshTarget } from '../../src/net/shell.ts';
import type { FakeKvmHost } from './fake-kvm-host.ts';

/** How to log in to a fake host: by its password, any host key. */
export function targetOf(fake: FakeKvmHost, changes: Partial<SshTarget> = {}): SshTarget {
  return {
    host: fake.host,
    port: fake.port,
    username: fake.behaviour.username,
    credential: { kind: 'password', password: fake.behaviour.password },
    hostKey: undefined,
    connectTimeoutMs: 5000,
    keepAliveMs: 5000,
    ...changes,
  };
}
