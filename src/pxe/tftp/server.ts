import type { Clock } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import { type Ipv4, parseIpv4 } from '../../base/ipv4.ts';
import { type Logger, silentLog } from '../../base/log.ts';
import type { OpenUdp, UdpPeer } from '../../net/udp.ts';
import type { ServerHandle } from '../handle.ts';
import type { PxeEvent, PxeEventSink } from '../ports.ts';
import { decideRequest, type RequestDecision } from './request.ts';
import { Sender } from './sender.ts';
import type { TransferOutcome } from './transfer.ts';
import { encodeTftp, type TftpRequest } from './wire/packet.ts';

export interface TftpServerOptions {
  /** Address that requests come to and that all answers leave from. */
  readonly address: Ipv4;
  /** Default 69 (IANA); 0 lets the kernel choose. */
  readonly port?: number;
  /** Network interface to bind all sockets to. */
  readonly device?: string;
  /** Transfers at a time; each holds one socket. Default 1000. */
  readonly maxTransfers?: number;
  /** Transfers of one client at a time, so that none takes all places. Default 16. */
  readonly maxTransfersPerClient?: number;
  /** Largest block in bytes. Default 1468: the most that fits an Ethernet frame without IP fragments, which ROMs lose. */
  readonly maxBlockSize?: number;
  /** Most blocks in flight (RFC 7440). Default 32: more overruns the receive buffers of firmware. */
  readonly maxWindowSize?: number;
}

export interface TftpServerDeps {
  readonly openUdp: OpenUdp;
  readonly clock: Clock;
  /** The closed table of names; never a directory. */
  readonly files: (name: string) => Uint8Array | undefined;
  readonly events: PxeEventSink;
  readonly log?: Logger;
}

/**
 * Starts a read-only TFTP server (RFC 1350, 2347, 2348, 2349, 7440). Rejects with NetError when the port can't be had.
 * Over a limit a request gets no answer, so that the ROM asks again later instead of giving up.
 */
export async function createTftpServer(
  options: TftpServerOptions,
  deps: TftpServerDeps,
): Promise<ServerHandle> {
  const { address, port = 69, device, maxTransfers = 1000, maxTransfersPerClient = 16 } = options;
  const limits = { maxBlockSize: options.maxBlockSize ?? 1468, maxWindowSize: options.maxWindowSize ?? 32 };
  const { openUdp, clock, log = silentLog } = deps;
  const senders = new Set<Sender>();
  const perClient = new Map<string, number>();
  const newest = new Map<string, Sender>();
  const bind = { address, ...(device === undefined ? {} : { device }) };
  let stopping = false;

  const onDatagram = (data: Uint8Array, from: UdpPeer): void => {
    const client = parseIpv4(from.address);
    if (stopping || client === undefined || from.port === 0) return;
    const decision = decideRequest(data, deps.files);
    if (decision.kind === 'serve') serve(decision, client, from);
    else if (decision.kind === 'refuse') refuse(decision, client, from);
  };

  const refuse = (
    { code, reason, file }: RequestDecision & { kind: 'refuse' },
    client: Ipv4,
    to: UdpPeer,
  ): void => {
    log.info({ client, file, reason }, 'TFTP request refused');
    deps.events({ kind: 'tftp', phase: 'refused', client, file, bytes: 0, total: 0, reason });
    listener
      .send(encodeTftp({ kind: 'error', code, message: reason }), to)
      .catch((error: unknown) => log.debug({ to, error: messageOf(error) }, 'TFTP error not sent'));
  };

  const serve = (
    { request, file, content }: RequestDecision & { kind: 'serve' },
    client: Ipv4,
    from: UdpPeer,
  ): void => {
    const key = `${from.address}:${from.port}`;
    const before = newest.get(key);
    if (before !== undefined && before.ackedBytes === 0) {
      if (sameRequest(before.request, request)) return before.askedAgain();
      void before.stop(); // it asks for something else and will not answer the first one any more
    }
    const event = (
      phase: (PxeEvent & { kind: 'tftp' })['phase'],
      bytes: number,
      reason: string | undefined,
    ): void => deps.events({ kind: 'tftp', phase, client, file, bytes, total: content.length, reason });

    const ofClient = perClient.get(client) ?? 0;
    if (senders.size >= maxTransfers || ofClient >= maxTransfersPerClient) {
      const reason = `${senders.size} transfers under way, ${ofClient} of this client: asked to wait by silence`;
      log.warn({ client, file, reason }, 'TFTP request not answered');
      return event('refused', 0, reason);
    }
    const onEnd = (outcome: TransferOutcome, bytes: number): void => {
      const reason = outcome.kind === 'done' ? undefined : outcome.reason;
      log.info({ client, file, bytes, outcome: outcome.kind, reason }, 'TFTP transfer ended');
      if (outcome.kind !== 'probe') event(outcome.kind, bytes, reason);
    };
    event('start', 0, undefined);
    const sender = new Sender(
      { request, content, client: from, bind: { ...bind, port: 0 }, limits, onEnd },
      { openUdp, clock, log },
    );
    senders.add(sender);
    newest.set(key, sender);
    perClient.set(client, ofClient + 1);
    void sender.closed.finally(() => {
      senders.delete(sender);
      if (newest.get(key) === sender) newest.delete(key);
      const left = (perClient.get(client) ?? 1) - 1;
      if (left === 0) perClient.delete(client);
      else perClient.set(client, left);
    });
  };

  const listener = await openUdp({ ...bind, port }, onDatagram);
  log.info({ address, port: listener.local.port, device }, 'TFTP server listens');
  let closing: Promise<void> | undefined;
  return {
    address,
    port: listener.local.port,
    close() {
      stopping = true;
      closing ??= (async () => {
        await listener.close();
        await Promise.all([...senders].map((sender) => sender.stop('the TFTP server was stopped')));
      })();
      return closing;
    },
  };
}

function sameRequest(a: TftpRequest, b: TftpRequest): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
