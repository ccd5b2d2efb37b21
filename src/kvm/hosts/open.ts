import type { OpenLocalShell, OpenSsh } from '../../net/shell.ts';
import type { OpenedHost } from '../connection/link.ts';
import type { Host } from '../model.ts';
import { checkFitness } from './fitness.ts';
import type { ReadOwnKey } from './own-key.ts';

/** What opening a host needs. */
export interface OpenDeps {
  readonly openSsh: OpenSsh;
  readonly openLocalShell: OpenLocalShell;
  readonly readOwnKey: ReadOwnKey;
  /** Default 10 s: a host on the same site answers in milliseconds, a login with a slow name service takes seconds. */
  readonly connectTimeoutMs?: number;
}

/** A connection is given up after three of these without an answer. */
const keepAliveMs = 15_000;

/** How to reach a host. */
export type Reach = Pick<
  Host,
  'connection' | 'managementIp' | 'sshPort' | 'username' | 'password' | 'hostKey'
>;

/** Logs in to a host and checks that it is fit. Rejects with NetError or KvmError `host-unfit`; nothing stays open then. */
export async function openHost(deps: OpenDeps, host: Reach, signal?: AbortSignal): Promise<OpenedHost> {
  const opened =
    host.connection === 'local'
      ? { shell: await deps.openLocalShell(), hostKey: undefined }
      : await openRemote(deps, host, signal);
  try {
    await checkFitness(opened.shell);
    return opened;
  } catch (error) {
    await opened.shell.close();
    throw error;
  }
}

async function openRemote(deps: OpenDeps, host: Reach, signal: AbortSignal | undefined): Promise<OpenedHost> {
  const shell = await deps.openSsh({
    host: host.managementIp,
    port: host.sshPort,
    username: host.username,
    credential:
      host.password === ''
        ? { kind: 'key', privateKey: (await deps.readOwnKey()).privateKey }
        : { kind: 'password', password: host.password },
    hostKey: host.hostKey,
    connectTimeoutMs: deps.connectTimeoutMs ?? 10_000,
    keepAliveMs,
    ...(signal && { signal }),
  });
  return { shell, hostKey: shell.hostKey };
}
