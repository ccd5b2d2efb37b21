import type { Clock } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import { type Ipv4, parseIpv4 } from '../../base/ipv4.ts';
import { type Logger, silentLog } from '../../base/log.ts';
import type { OpenUdp, UdpPeer } from '../../net/udp.ts';
import type { ServerHandle } from '../handle.ts';
import type { PxeEvent, PxeEventSink } from '../ports.ts';
import { ByClient } from './by-client.ts';
import { Deadlines } from './deadlines.ts';
import { negotiate } from './negotiate.ts';
import { limitsOf, type TftpServerOptions } from './options.ts';
import { createRefusalCount } from './refusals.ts';
import { decideRequest, type RequestDecision } from './request.ts';
import { type Count, Sender } from './sender.ts';
import type { TransferOutcome } from './transfer.ts';
import { openTransferPorts } from './transfer-ports.ts';
import { createUnprovenCount } from './unproven.ts';
import { Vigil } from './vigil.ts';
import { encodeErrorWithin, type TftpRequest } from './wire/packet.ts';

export type { TftpServerOptions } from './options.ts';

export interface TftpServerDeps {
  readonly openUdp: OpenUdp;
  readonly clock: Clock;
  /** The closed table of names; never a directory. */
  readonly files: (name: string) => Uint8Array | undefined;
  readonly events: PxeEventSink;
  readonly log?: Logger;
}

/** A client that was heard this recently does not start over: a request from it was delayed or repeated on its way. */
const aliveMs = 1000;

/**
 * Starts a read-only TFTP server (RFC 1350, 2347, 2348, 2349, 7440). Rejects with NetError when the port can't be had.
 * Over a limit a request gets no answer, so that the ROM asks again later instead of giving up.
 */
export async function createTftpServer(
  options: TftpServerOptions,
  deps: TftpServerDeps,
): Promise<ServerHandle> {
  const { address, port, device, singlePort, maxTransfers, maxTransfersPerClient, ...limits } =
    limitsOf(options);
  const { openUdp, clock, log = silentLog } = deps;
  const senders = new Set<Sender>();
  const perClient = new Map<string, number>();
  const newest = new ByClient<Sender>();
  const deadlines = new Deadlines(clock);
  const vigil = new Vigil();
  const mayRefuse = createRefusalCount();
  const beginUnproven = createUnprovenCount();
  const bind = { address, ...(device === undefined ? {} : { device }) };
  let isOpen = false;

  const onDatagram = (data: Uint8Array, from: UdpPeer): void => {
    if (!isOpen) return;
    if (singlePort && !isRequest(data)) {
      vigil.heard();
      newest.get(from)?.receive(data);
      return;
    }
    const client = parseIpv4(from.address);
    if (client === undefined || from.port === 0) return;
    const decision = decideRequest(data, deps.files);
    if (decision.kind === 'serve') serve(decision, client, from);
    else if (decision.kind === 'refuse') refuse(decision, client, from, data.length);
  };

  const refuse = (
    { code, reason, file }: RequestDecision & { kind: 'refuse' },
    client: Ipv4,
    to: UdpPeer,
    askedBytes: number,
  ): void => {
    if (!mayRefuse(client, clock.now())) return;
    log.info({ client, file, reason }, 'TFTP request refused');
    deps.events({ kind: 'tftp', phase: 'refused', client, file, bytes: 0, total: 0, reason });
    const answer = encodeErrorWithin(askedBytes, code, reason);
    if (answer === undefined) return;
    listener
      .send(answer, to)
      .catch((error: unknown) => log.debug({ to, error: messageOf(error) }, 'TFTP error not sent'));
  };

  const serve = (
    { request, file, content }: RequestDecision & { kind: 'serve' },
    client: Ipv4,
    from: UdpPeer,
  ): void => {
    const before = newest.get(from);
    if (before !== undefined) {
      const same = sameRequest(before.request, request);
      if (same && before.ackedBytes === 0) return before.askedAgain();
      if (same && singlePort && clock.now() - before.heardAt < aliveMs) return;
      // It asks for something else, or once more after a reset, and will not answer the first one any more.
      if (singlePort || before.ackedBytes === 0) {
        newest.delete(from);
        void before.stop();
      }
    }
    const total = content.length;
    const event = (
      phase: (PxeEvent & { kind: 'tftp' })['phase'],
      { bytes, ...count }: { readonly bytes: number; readonly retransmits?: number },
      reason?: string,
    ): void => deps.events({ kind: 'tftp', phase, client, file, bytes, total, reason, ...count });

    const ofClient = perClient.get(client) ?? 0;
    const isFull = senders.size >= maxTransfers || ofClient >= maxTransfersPerClient;
    const onHeard = isFull ? undefined : beginUnproven(client, clock.now());
    if (onHeard === undefined) {
      const why = isFull
        ? `${senders.size} transfers under way, ${ofClient} of this client`
        : 'the client began several transfers and acknowledged nothing';
      const reason = `${why}: asked to wait by silence`;
      if (!mayRefuse(client, clock.now())) return;
      log.warn({ client, file, reason }, 'TFTP request not answered');
      return event('refused', { bytes: 0 }, reason);
    }
    const onEnd = (outcome: TransferOutcome, count: Count): void => {
      const reason = outcome.kind === 'done' ? undefined : outcome.reason;
      log.info({ client, file, ...count, outcome: outcome.kind, reason }, 'TFTP transfer ended');
      if (outcome.kind !== 'probe') event(outcome.kind, count, reason);
    };
    event('start', { bytes: 0 });
    const negotiated = negotiate(request.options, request.mode === 'octet' ? total : undefined, limits);
    const sender = new Sender(
      {
        request,
        content,
        negotiated,
        client: from,
        open: (receive) => ports?.open(from, negotiated.windowSize, receive) ?? onlyLine,
        onHeard,
        onProgress: (count) => event('progress', count),
        onEnd,
      },
      { clock, deadlines, log },
    );
    senders.add(sender);
    newest.set(from, sender);
    perClient.set(client, ofClient + 1);
    void sender.closed.finally(() => {
      senders.delete(sender);
      if (newest.get(from) === sender) newest.delete(from);
      const left = (perClient.get(client) ?? 1) - 1;
      if (left === 0) perClient.delete(client);
      else perClient.set(client, left);
    });
  };

  const ports = singlePort
    ? undefined
    : await openTransferPorts({
        open: (kind, receive) => openUdp({ ...bind, port: 0, ...kind }, receive),
        clock,
        log,
        vigil,
        mayRefuse: (client) => mayRefuse(client, clock.now()),
      });
  const listener = await openUdp({ ...bind, port, bursts: 'joined' }, onDatagram).catch(
    async (error: unknown) => {
      await ports?.close();
      throw error;
    },
  );
  const onlyLine = {
    send: (data: Uint8Array, to: UdpPeer): Promise<void> => listener.send(data, to),
    close: () => Promise.resolve(),
  };
  isOpen = true;
  log.info({ address, port: listener.local.port, device, singlePort }, 'TFTP server listens');
  let closing: Promise<void> | undefined;
  return {
    address,
    port: listener.local.port,
    close() {
      isOpen = false;
      closing ??= (async () => {
        await Promise.all(Array.from(senders, (sender) => sender.stop('the TFTP server was stopped')));
        await Promise.all([listener.close(), ports?.close()]);
      })();
      return closing;
    },
  };
}

/** The opcodes that start something; everything else belongs to a transfer. */
function isRequest(data: Uint8Array): boolean {
  return data.length < 2 || (data[0] === 0 && (data[1] === 1 || data[1] === 2));
}

function sameRequest(a: TftpRequest, b: TftpRequest): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
