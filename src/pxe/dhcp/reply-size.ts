import type { DhcpRequest } from './request.ts';
import { code } from './wire/option-codes.ts';
import { type DhcpPacket, fitDhcpPacket } from './wire/packet.ts';

/** IP header without options, and UDP header. RFC 791 §3.1, RFC 768 */
export const UDP_HEADERS = 28;

/** What an answer can do without, the first to go first, when its client did not ask for it. */
const dispensable: readonly number[] = [
  code.message,
  code.tftpServerName,
  code.broadcastAddress,
  code.renewalTime,
  code.rebindingTime,
  code.domainNameServer,
  code.router,
];

/**
 * Bytes of an answer in no more than its client takes (RFC 2131 §2, option 57): with options in `file` and `sname` if need be, then
 * with what the client asked for as far as it fits, the first in its list first (RFC 2132 §9.8). Undefined when even that what
 * makes the lease and the boot is too much. A NAK is no longer than what it refuses: it gives nothing that were worth more bytes to a
 * forger. Relays and ROMs that drop messages under 300 bytes pass no shorter request either.
 */
export function fitted(packet: DhcpPacket, request: DhcpRequest, isNak = false): Uint8Array | undefined {
  const most = request.maxMessageSize - UDP_HEADERS;
  const limit = isNak ? Math.min(most, request.bytes) : most;
  const fit = (options: DhcpPacket['options'], mayOverload: boolean): Uint8Array | undefined =>
    fitDhcpPacket({ ...packet, options }, limit, mayOverload);
  const tight = lean(packet, request, true);
  // BOOTP has no option 52, and some ROMs read it badly: what is said twice goes before that.
  const mayOverload = request.type !== 'bootp' && !isNak;
  const whole = fit(lean(packet, request, false), false) ?? fit(tight, false) ?? fit(tight, mayOverload);
  if (whole !== undefined) return whole;
  const kept = new Map([...tight].filter(([option]) => !dispensable.includes(option)));
  let best = fit(kept, mayOverload);
  for (const option of mostWantedFirst(request)) {
    const value = tight.get(option);
    if (value === undefined) continue;
    const larger = fit(kept.set(option, value), mayOverload);
    if (larger === undefined) kept.delete(option);
    best = larger ?? best;
  }
  return best;
}

/** BOOTP knows no lease and no DHCP message (RFC 1534 §2). What `file` says already may go first. */
function lean(packet: DhcpPacket, request: DhcpRequest, isTight: boolean): DhcpPacket['options'] {
  const left = new Map(packet.options);
  if (request.type === 'bootp') {
    for (const option of [
      code.messageType,
      code.serverId,
      code.leaseTime,
      code.renewalTime,
      code.rebindingTime,
      code.clientId,
    ]) {
      left.delete(option);
    }
  }
  if (isTight && packet.file !== '') left.delete(code.bootFileName);
  return left;
}

function mostWantedFirst({ wanted }: DhcpRequest): readonly number[] {
  const asked = [...wanted].filter((option) => dispensable.includes(option));
  return [...asked, ...dispensable.filter((option) => !wanted.has(option)).toReversed()];
}
