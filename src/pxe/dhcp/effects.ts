import { assertNever, messageOf } from '../../base/errors.ts';
import type { Ipv4 } from '../../base/ipv4.ts';
import type { Logger } from '../../base/log.ts';
import type { Lease, MachineSighting, PxeEventSink } from '../ports.ts';
import type { CommitQueue } from './commit-queue.ts';
import type { LeaseTable } from './leases.ts';
import type { DhcpOutcome } from './reply.ts';
import type { Reply } from './reply-packet.ts';
import type { DhcpRequest } from './request.ts';

/** An offered address is kept so long for the REQUEST; clients give up on an offer after some 10 s, slow ROMs after 30. */
const HOLD_MS = 60_000;
/** A declined address is in use by something unknown; RFC 2131 §4.3.3 leaves the time open. */
const DECLINED_MS = 600_000;

/** Who asked, and when. */
export interface Asked {
  readonly request: DhcpRequest;
  readonly sighting: MachineSighting;
  readonly now: number;
}

export interface EffectDeps {
  readonly events: PxeEventSink;
  readonly log: Logger;
  readonly commits: CommitQueue;
  /** The table of this moment; an update of the settings replaces it. */
  readonly table: () => LeaseTable;
  /** Undefined when the server is closing: nothing may leave any more. */
  readonly send: (reply: Reply) => Promise<void> | undefined;
}

/** Carries out what `decideReply` decided: the lease table, the lease store, the answer, the events. */
export class DhcpEffects {
  readonly #deps: EffectDeps;

  constructor(deps: EffectDeps) {
    this.#deps = deps;
  }

  apply(outcome: DhcpOutcome, asked: Asked): void {
    const { serverUuid, mac } = asked.sighting;
    const table = this.#deps.table();
    switch (outcome.kind) {
      case 'offer':
        table.hold(outcome.ip, mac, asked.now + HOLD_MS, asked.now);
        return this.#send(outcome.reply, outcome.ip, asked);
      case 'ack':
        if (outcome.lease === undefined) return this.#send(outcome.reply, asked.request.ciaddr, asked);
        table.hold(outcome.lease.ip, mac, asked.now + HOLD_MS, asked.now);
        return this.#acknowledge(outcome.lease, outcome.reply, asked);
      case 'nak':
        return this.#send(outcome.reply, undefined, asked);
      case 'declined':
      case 'released':
        return this.#giveBack(outcome.kind, outcome.ip, asked);
      case 'other-server':
        if (outcome.dropped !== undefined) table.end(outcome.dropped, mac, 'released', asked.now);
        return this.#deps.events({
          kind: 'dhcp-other-server',
          serverUuid,
          mac,
          otherServer: outcome.otherServer,
        });
      case 'pool-full':
        this.#deps.log.warn(
          { serverUuid, mac },
          'no free address: the DHCP range is too small for the machines that ask',
        );
        return this.#deps.events({ kind: 'dhcp-pool-full', serverUuid, mac });
      case 'ignore':
        return this.#unanswered(outcome.reason, asked);
      default:
        assertNever(outcome, 'outcome');
    }
  }

  /** The request itself, as an event. */
  noteRequest(asked: Asked, bytes: number): void {
    const { request } = asked;
    this.#event(request.type, request.requestedAddress ?? request.ciaddr, undefined, bytes, asked);
  }

  #acknowledge(lease: Lease, reply: Reply, asked: Asked): void {
    const isQueued = this.#deps.commits.push(lease, (error) => {
      if (error !== undefined) {
        this.#unsaved(error, asked);
        this.#unanswered('lease not saved', asked);
      } else if (this.#deps.table().bind(lease)) {
        this.#send(reply, lease.ip, asked);
      }
    });
    if (!isQueued) this.#unanswered('too many requests wait for the lease store', asked);
  }

  #giveBack(state: 'declined' | 'released', ip: Ipv4, asked: Asked): void {
    const { now } = asked;
    const { serverUuid, mac } = asked.sighting;
    const expiresAt = state === 'declined' ? now + DECLINED_MS : now;
    this.#deps.table().end(ip, mac, state, expiresAt);
    if (state === 'declined') {
      this.#deps.log.warn({ serverUuid, mac, ip }, 'a client found its address in use by another machine');
    }
    const { clientId } = asked.request;
    this.#deps.commits.push({ serverUuid, ip, mac, clientId, expiresAt, state }, (error) => {
      if (error !== undefined) this.#unsaved(error, asked);
    });
  }

  #unsaved(error: unknown, { sighting: { serverUuid, mac } }: Asked): void {
    this.#deps.log.error(
      { serverUuid, mac, error: messageOf(error) },
      'a lease can not be saved, so its client gets no address: look at free space and permissions of the database',
    );
  }

  #unanswered(reason: string, { sighting }: Asked): void {
    this.#deps.events({ kind: 'dhcp-ignored', sighting, reason });
  }

  #send(reply: Reply, ip: Ipv4 | undefined, asked: Asked): void {
    const { datagram, to, type, bootFile } = reply;
    this.#deps.send(reply)?.then(
      () => this.#event(type, ip, bootFile, datagram.length, asked),
      (error: unknown) =>
        this.#deps.log.warn({ to, type, error: messageOf(error) }, 'an answer was not sent'),
    );
  }

  #event(
    type: DhcpRequest['type'] | Reply['type'],
    ip: Ipv4 | undefined,
    bootFile: string | undefined,
    bytes: number,
    { sighting: { serverUuid, mac, firmware, ipxe } }: Asked,
  ): void {
    this.#deps.events({ kind: 'dhcp', type, serverUuid, mac, ip, firmware, ipxe, bootFile, bytes });
  }
}
