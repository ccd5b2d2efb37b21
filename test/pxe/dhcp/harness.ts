import { type Logger, silentLog } from '../../../src/base/log.ts';
import type { UdpBindOptions, UdpReceiver } from '../../../src/net/udp.ts';
import {
  createDhcpServer,
  type DhcpServerDeps,
  type DhcpServerOptions,
} from '../../../src/pxe/dhcp/index.ts';
import { type DhcpPacket, decodeDhcpPacket } from '../../../src/pxe/dhcp/wire/packet.ts';
import type { BootDecision, Lease, LeaseStore, PxeEvent } from '../../../src/pxe/ports.ts';
import { address, ip, type Message, message, server, serverUuid } from './client.ts';

/** A range of four addresses. */
export const options: DhcpServerOptions = {
  serverUuid,
  serverAddress: server,
  netmask: ip('255.255.255.0'),
  rangeBegin: ip('192.0.2.100'),
  rangeEnd: ip('192.0.2.103'),
};

/** Leases in memory; commits wait for `finish` when it is set. */
export class Memory implements LeaseStore {
  readonly saved = new Map<string, Lease>();
  readonly commits: (readonly Lease[])[] = [];
  gate: Promise<void> = Promise.resolve();
  failure: Error | undefined;
  load() {
    return Promise.resolve([...this.saved.values()]);
  }
  async commit(leases: readonly Lease[]) {
    this.commits.push(leases);
    await this.gate;
    if (this.failure) throw this.failure;
    for (const lease of leases) this.saved.set(lease.ip, lease);
  }
}

/** A server on sockets of its own making; what it sent and told. */
export async function start(changes: Partial<DhcpServerOptions> = {}, deps: Partial<DhcpServerDeps> = {}) {
  const leases = (deps.leases ?? new Memory()) as Memory;
  const sent: { packet: DhcpPacket; to: string; from: number }[] = [];
  const events: PxeEvent[] = [];
  const errors: string[] = [];
  const log: Logger = {
    ...silentLog,
    error: (facts, text) => errors.push(`${text} ${JSON.stringify(facts)}`),
  };
  const bound: UdpBindOptions[] = [];
  const open = new Map<number, UdpReceiver>();
  const state: { now: number; decision: BootDecision } = { now: 1000, decision: address };
  const handle = await createDhcpServer(
    { ...options, ...changes },
    {
      openUdp: (bind, receiver) => {
        bound.push(bind);
        open.set(bind.port, receiver);
        return Promise.resolve({
          local: { address: bind.address, port: bind.port },
          send: (data, to) => {
            sent.push({ packet: decodeDhcpPacket(data), to: `${to.address}:${to.port}`, from: bind.port });
            return Promise.resolve();
          },
          close() {
            open.delete(bind.port);
            return Promise.resolve();
          },
        });
      },
      clock: { now: () => state.now },
      leases,
      policy: { decide: () => state.decision },
      events: (event) => void events.push(event),
      loaderFor: () => undefined,
      log,
      ...deps,
    },
  );
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  const raw = (data: Uint8Array, source = '0.0.0.0', port = 67, sourcePort = 68) => {
    const lent = data.slice();
    open.get(port)?.(lent, { address: source, port: sourcePort });
    // A datagram is the receiver's only until it returns.
    lent.fill(0xee);
  };
  const say = async (m: Message, source?: string, port?: number) => {
    raw(message(m), source, port);
    await settle();
  };
  const types = () => sent.map(({ packet }) => packet.options.get(53)?.[0]);
  return {
    handle,
    leases,
    sent,
    events,
    errors,
    state,
    say,
    types,
    settle,
    bound,
    open,
    raw,
    reasons: () => events.flatMap((e) => (e.kind === 'dhcp-ignored' ? [e.reason] : [])),
  };
}
