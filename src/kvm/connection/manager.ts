import type { Duplex } from 'node:stream';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/log.ts';
import type { RandomBytes } from '../../base/random.ts';
import type { Uuid } from '../../base/uuid.ts';
import type { HostShell } from '../../net/shell.ts';
import { KvmError } from '../errors.ts';
import type { Host } from '../model.ts';
import type { KvmStore, Notify } from '../ports.ts';
import type { RawProbe } from '../probe/raw.ts';
import type { HostConnections, HostObserver } from '../service.ts';
import { watchersFor } from './followers.ts';
import { createGate } from './gate.ts';
import { createHostLink, type HostLink, type OpenedHost } from './link.ts';
import { errorOfWork } from './trouble.ts';

/** What the connections need of others. */
export interface ConnectionDeps {
  readonly store: Pick<KvmStore, 'getHost' | 'listHosts' | 'saveHostStatus'>;
  /** Logs in to a host and finds it fit. Rejects with NetError or KvmError `host-unfit`. */
  readonly open: (host: Host, signal: AbortSignal) => Promise<OpenedHost>;
  readonly probe: (shell: HostShell) => Promise<RawProbe>;
  readonly libvirtUri: string;
  readonly notify: Notify;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly log: Logger;
  /** Also without any event; default 10 minutes. */
  readonly lookEveryMs?: number;
}

/** The connections of all stored hosts. */
export interface ConnectionManager extends HostConnections {
  readonly observe: (observer: HostObserver) => void;
  /** Begins to connect all stored hosts; does not wait for them. */
  readonly start: () => Promise<void>;
  /** Connects a host (anew), or takes a connection to it that is there. Resolves after its first look; rejects as `addHost`. */
  connect(host: Pick<Host, 'uuid' | 'name'>, opened?: OpenedHost): Promise<void>;
  /** Ends the connection of a host that is to be forgotten. */
  forget(hostUuid: Uuid): Promise<void>;
  /** Ends all; may be called twice. */
  readonly close: () => Promise<void>;
}

/** A start after a power cut shall not log in everywhere at the same moment. */
const loginsAtOnce = 20;

/** Keeps one connection to each host. */
export function createConnections(deps: ConnectionDeps): ConnectionManager {
  const { store, clock, log, notify } = deps;
  const links = new Map<string, HostLink>();
  /** As last read: a host may be renamed. */
  const names = new Map<string, string>();
  const observers: HostObserver[] = [];
  const logins = createGate(loginsAtOnce);
  const watchers = watchersFor(deps.libvirtUri);
  let isClosed = false;

  const chance = (): number => {
    const [high = 0, low = 0] = deps.random(2);
    return (high * 256 + low) / 65_536;
  };

  async function hostOf(uuid: Uuid): Promise<Host> {
    const host = await store.getHost(uuid);
    if (host === undefined) throw new KvmError('not-found', `host ${uuid} was deleted meanwhile`);
    names.set(uuid, host.name);
    return host;
  }

  function linkOf({ uuid, name }: Pick<Host, 'uuid' | 'name'>): HostLink {
    const there = links.get(uuid);
    if (there) return there;
    const nameNow = (): string => names.get(uuid) ?? name;
    const link = createHostLink(nameNow, {
      open: (signal) =>
        logins(async () => {
          signal.throwIfAborted();
          return deps.open(await hostOf(uuid), signal);
        }),
      saveStatus: (change) => store.saveHostStatus(uuid, change),
      look: (shell) => look(uuid, shell),
      tell: (notice, text) =>
        notify({
          name: notice,
          severity: notice === 'host-key-changed' ? 'Error' : 'Warning',
          text: `host "${nameNow()}": ${text}`,
          about: { type: 'HostVO', uuid },
          facts: { host: nameNow() },
        }),
      watchers,
      lookEveryMs: deps.lookEveryMs ?? 600_000,
      clock,
      chance,
      log,
    });
    links.set(uuid, link);
    return link;
  }

  async function look(uuid: Uuid, shell: HostShell): Promise<void> {
    const probe = await deps.probe(shell);
    for (const observer of observers) await observer(await hostOf(uuid), probe);
  }

  function visitOf(hostUuid: Uuid): ReturnType<HostLink['visit']> {
    const link = links.get(hostUuid);
    if (link) return link.visit();
    throw new KvmError('host-disconnected', `host ${hostUuid} is not connected`);
  }

  /** Failures of the connection in this room's words. */
  async function inWords<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw errorOfWork(error);
    }
  }

  return {
    use: (hostUuid, work) => inWords(async () => work(visitOf(hostUuid).shell)),
    isConnected: (hostUuid) => links.get(hostUuid)?.isConnected() === true,
    look: (hostUuid) => inWords(async () => visitOf(hostUuid).look()),
    stream: (hostUuid, target): Promise<Duplex> =>
      inWords(async () => visitOf(hostUuid).shell.connect(target)),
    observe: (observer) => void observers.push(observer),
    async start() {
      for (const host of await store.listHosts()) {
        // It says itself in the host's status how it went.
        linkOf(host)
          .begin()
          .catch(() => undefined);
      }
    },
    async connect(host, opened) {
      if (isClosed) {
        await opened?.shell.close();
        throw new KvmError('host-disconnected', 'Rackwright is shutting down');
      }
      await inWords(() => linkOf(host).begin(opened));
    },
    async forget(hostUuid) {
      const link = links.get(hostUuid);
      links.delete(hostUuid);
      names.delete(hostUuid);
      await link?.stop();
    },
    async close() {
      isClosed = true;
      await Promise.all([...links.values()].map((link) => link.stop()));
    },
  };
}
