import { type Ipv4, sameSubnet } from '../../base/ipv4.ts';
import type { ReplyConfig } from './reply-config.ts';
import type { DhcpRequest } from './request.ts';
import { BROADCAST_FLAG } from './wire/packet.ts';

/** How a datagram came in. */
export interface Arrival {
  readonly source: Ipv4;
  readonly sourcePort: number;
  /** `proxy` is the port of proxyDHCP, 4011. */
  readonly port: 'dhcp' | 'proxy';
}

/** Where an answer goes. */
export interface Destination {
  readonly to: { readonly address: Ipv4; readonly port: number };
  /** An address that the client takes a unicast to although it does not have it yet, for senders that can reach it. */
  readonly direct: Ipv4 | undefined;
}

const EVERYBODY = '255.255.255.255' as Ipv4;

/**
 * RFC 2131 §4.1: to the relay; to the address that the client uses; otherwise to everybody, which §4.1 permits also without the
 * broadcast flag, or directly to the address it is given. A NAK that no relay passes on goes to everybody always.
 */
export function destination(
  type: 'offer' | 'ack' | 'nak',
  request: DhcpRequest,
  given: Ipv4 | undefined,
  config: ReplyConfig,
): Destination {
  const { giaddr, ciaddr, packet } = request;
  if (giaddr !== undefined) return { to: { address: giaddr, port: config.relayPort }, direct: undefined };
  // An address elsewhere is a third party's.
  if (type !== 'nak' && ciaddr !== undefined && sameSubnet(ciaddr, config.subnet, config.netmask)) {
    return { to: { address: ciaddr, port: config.clientPort }, direct: undefined };
  }
  return {
    to: { address: EVERYBODY, port: config.clientPort },
    direct: (packet.flags & BROADCAST_FLAG) === 0 ? given : undefined,
  };
}
