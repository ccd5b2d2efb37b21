import type { Ipv4 } from '../../base/ipv4.ts';
import type { BootDecision, Lease } from '../ports.ts';
import { firmwareOf } from './firmware.ts';
import type { LeaseView } from './leases.ts';
import type { ReplyConfig } from './reply-config.ts';
import type { DhcpRequest } from './request.ts';
import { code } from './wire/option-codes.ts';

/** Share of the time that a client would get now: a lease that still has it need not be written once more. */
const keptShare = 0.75;

/** A lease as it is to be told and kept. */
export interface Term {
  readonly lease: Lease;
  /** What the client is told: seconds from now. */
  readonly seconds: number;
  /** True when the lease stands on disk as it is, so that nothing has to be written before the ACK. */
  readonly isStored: boolean;
}

/** Seconds that the policy gives this kind of client. */
export function leaseSeconds(
  request: DhcpRequest,
  decision: Exclude<BootDecision, { kind: 'ignore' }>,
  config: ReplyConfig,
): number {
  if (firmwareOf(request) !== undefined) return config.firmwareLeaseSeconds;
  const isInstaller = decision.kind === 'address' && decision.client === 'installer';
  return isInstaller ? config.installerLeaseSeconds : config.hostLeaseSeconds;
}

/**
 * The lease of an address for `seconds` from now, or the one that its client has on disk while that has three quarters of them left.
 * A machine asks two or three times within its boot, and each time would wait for the disk. A server may go on with the expiry that
 * it gave before, unless the client asks for a time (RFC 2131 §4.3.1); what it tells is never more than what is on disk, so that the
 * address is not somebody else's before its client believes it (§3.3). A longer lease on disk is of another kind of client, and is
 * replaced.
 */
export function termOf(
  request: DhcpRequest,
  ip: Ipv4,
  seconds: number,
  leases: LeaseView,
  config: ReplyConfig,
  now: number,
): Term {
  const { mac, clientId, packet } = request;
  const { serverUuid } = config;
  const lease = (expiresAt: number): Lease => ({ serverUuid, ip, mac, clientId, expiresAt, state: 'bound' });
  const until = packet.options.has(code.leaseTime) ? undefined : leases.storedUntil(ip, request);
  const left = until === undefined ? 0 : (until - now) / 1000;
  if (until === undefined || left > seconds || left < seconds * keptShare || left < 1)
    return { lease: lease(now + seconds * 1000), seconds, isStored: false };
  return { lease: lease(until), seconds: Math.floor(left), isStored: true };
}
