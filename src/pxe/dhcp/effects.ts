import { assertNever, messageOf } from '../../base/errors.ts';
import type { Ipv4 } from '../../base/ipv4.ts';
import type { Mac } from '../../base/mac.ts';
import type { Logger } from '../../base/log.ts';
import type { Lease, MachineSighting, PxeEventSink } from '../ports.ts';
import type { CommitQueue } from './commit-queue.ts';
import type { Arrival } from './destination.ts';
import type { LeaseTable } from './leases.ts';
import type { Networks } from './networks.ts';
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
  readonly arrival: Arrival;
}

export interface EffectDeps {
  readonly events: PxeEventSink;
  readonly log: Logger;
  readonly commits: CommitQueue;
  /** The networks of this moment; an update of the settings replaces them. */
  readonly networks: () => Networks;
  /** As DhcpServerDeps.teachNeighbour. */
  readonly teachNeighbour: (ip: Ipv4, mac: Mac) => boolean;
  /** Undefined when the server is closing: nothing may leave any more. */
  readonly send: (datagram: Uint8Array, to: Reply['to'], from: Arrival['port']) => Promise<void> | undefined;
}

/** Carries out what `decideReply` decided: the lease table, the lease store, the answer, the events. */
export class DhcpEffects {
  readonly #deps: EffectDeps;

  constructor(deps: EffectDeps) {
    this.#deps = deps;
  }

  apply(outcome: DhcpOutcome, asked: Asked): void {
    const { serverUuid, mac } = asked.sighting;
    switch (outcome.kind) {
      case 'offer':
        if (outcome.ip !== undefined) this.hold(outcome.ip, asked);
        return this.#send(outcome.reply, outcome.ip, asked);
      case 'ack': {
        const { lease, reply } = outcome;
        if (lease === undefined)
          return this.#send(reply, asked.request.ciaddr ?? asked.arrival.source, asked);
        this.hold(lease.ip, asked);
        if (outcome.isStored) return this.#send(reply, lease.ip, asked);
        return this.#acknowledge(lease, reply, asked);
      }
      case 'nak':
        return this.#send(outcome.reply, undefined, asked);
      case 'declined':
      case 'released':
        return this.#giveBack(outcome.kind, outcome.ip, asked);
      case 'other-server':
        if (outcome.dropped !== undefined)
          this.#table(outcome.dropped)?.end(outcome.dropped, mac, 'released', asked.now);
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
    const type = request.type === 'bootp' ? 'request' : request.type;
    this.#event(type, request.requestedAddress ?? request.ciaddr, undefined, bytes, asked);
  }

  /** Keeps an address for the client that is about to get it. */
  hold(ip: Ipv4, { sighting: { mac }, now }: Asked): void {
    this.#table(ip)?.hold(ip, mac, now + HOLD_MS, now);
  }

  /** Sets an address aside that something unknown uses. */
  conflict(ip: Ipv4, asked: Asked): void {
    this.#giveBack('declined', ip, asked);
  }

  #table(ip: Ipv4): LeaseTable | undefined {
    return this.#deps.networks().of(ip)?.table;
  }

  #acknowledge(lease: Lease, reply: Reply, asked: Asked): void {
    const isQueued = this.#deps.commits.push(lease, (error) => {
      if (error !== undefined) {
        this.#unsaved(error, asked);
        this.#unanswered('lease not saved', asked);
      } else if (this.#table(lease.ip)?.bind(lease) === true) {
        this.#send(reply, lease.ip, asked);
        this.#endFormer(lease, asked);
      }
    });
    if (isQueued) this.#table(lease.ip)?.write(lease);
    else this.#unanswered('too many requests wait for the lease store', asked);
  }

  /** One address a client: what it had before is free again once the new one is its own. */
  #endFormer({ ip, mac }: Lease, asked: Asked): void {
    for (const former of this.#table(ip)?.takeFormer(ip, mac) ?? []) {
      this.#deps.log.info({ mac, ip, former }, 'a client has another address now; its former lease ends');
      this.#giveBack('released', former, asked);
    }
  }

  #giveBack(state: 'declined' | 'released', ip: Ipv4, asked: Asked): void {
    const { now } = asked;
    const { serverUuid, mac } = asked.sighting;
    const expiresAt = state === 'declined' ? now + DECLINED_MS : now;
    this.#table(ip)?.end(ip, mac, state, expiresAt);
    if (state === 'declined') {
      this.#deps.log.warn({ serverUuid, mac, ip }, 'something unknown uses an address of the DHCP range');
      this.#deps.events({ kind: 'dhcp-conflict', serverUuid, mac, ip });
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
    const { datagram, direct, type, bootFile } = reply;
    const isTaught = direct !== undefined && this.#deps.teachNeighbour(direct, asked.sighting.mac);
    const to = isTaught ? { address: direct, port: reply.to.port } : reply.to;
    this.#deps.send(datagram, to, asked.arrival.port)?.then(
      () => this.#event(type, ip, bootFile, datagram.length, asked),
      (error: unknown) =>
        this.#deps.log.warn({ to, type, error: messageOf(error) }, 'an answer was not sent'),
    );
  }

  #event(
    type: Exclude<DhcpRequest['type'], 'bootp'> | Reply['type'],
    ip: Ipv4 | undefined,
    bootFile: string | undefined,
    bytes: number,
    { sighting: { serverUuid, mac, firmware, ipxe } }: Asked,
  ): void {
    this.#deps.events({ kind: 'dhcp', type, serverUuid, mac, ip, firmware, ipxe, bootFile, bytes });
  }
}
