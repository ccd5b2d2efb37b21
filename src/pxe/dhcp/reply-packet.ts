import type { Ipv4 } from '../../base/ipv4.ts';
import { broadcastOf } from '../../base/ipv4.ts';
import type { BootFields } from './boot-fields.ts';
import type { ReplyConfig } from './reply-config.ts';
import type { DhcpRequest } from './request.ts';
import { code } from './wire/option-codes.ts';
import { encodeAddresses } from './wire/options/address.ts';
import { encodeMessageType } from './wire/options/message-type.ts';
import { encodeSeconds } from './wire/options/seconds.ts';
import { encodeText } from './wire/options/text.ts';
import { BOOTREPLY, BROADCAST_FLAG, type DhcpPacket, encodeDhcpPacket } from './wire/packet.ts';

/** IP header without options, and UDP header. RFC 791 §3.1, RFC 768 */
const HEADERS = 28;
const NOWHERE = '0.0.0.0' as Ipv4;
const EVERYBODY = '255.255.255.255' as Ipv4;

/** One answer, ready to be sent. */
export interface Reply {
  readonly type: 'offer' | 'ack' | 'nak';
  readonly datagram: Uint8Array;
  readonly to: { readonly address: Ipv4; readonly port: number };
  readonly bootFile: string | undefined;
}

/** What an OFFER or ACK gives. Without `lease` it is the answer to an INFORM. RFC 2131 §4.3.5 */
export interface Grant {
  readonly lease: { readonly ip: Ipv4; readonly seconds: number } | undefined;
  readonly boot: BootFields;
}

/** An OFFER or ACK, table 3 of RFC 2131 §4.3.1; undefined when it does not fit what the client can take. */
export function grantReply(
  type: 'offer' | 'ack',
  request: DhcpRequest,
  grant: Grant,
  config: ReplyConfig,
): Reply | undefined {
  const { lease, boot } = grant;
  const packet: DhcpPacket = {
    ...answerTo(request),
    ciaddr: type === 'ack' ? request.packet.ciaddr : NOWHERE,
    yiaddr: lease?.ip ?? NOWHERE,
    siaddr: boot.siaddr,
    file: boot.file,
    options: new Map([
      ...commonOptions(type, request, config),
      [code.subnetMask, encodeAddresses([config.netmask])],
      [code.broadcastAddress, encodeAddresses([broadcastOf(config.serverAddress, config.netmask)])],
      ...addresses(code.router, config.router === undefined ? [] : [config.router]),
      ...addresses(code.domainNameServer, config.dns),
      ...(lease === undefined ? [] : times(lease.seconds)),
      ...boot.options,
    ]),
  };
  const datagram = fitted(packet, request.maxMessageSize - HEADERS);
  return datagram && { type, datagram, to: destination(type, request, config), bootFile: boot.bootFile };
}

/** A refusal: no address, no parameters, only who says no and why. RFC 2131 §4.3.1 table 3 */
export function nakReply(request: DhcpRequest, why: string, config: ReplyConfig): Reply {
  const base = answerTo(request);
  const packet: DhcpPacket = {
    ...base,
    // The client has no address that a relay could send to. RFC 2131 §4.3.2
    flags: request.giaddr === undefined ? base.flags : base.flags | BROADCAST_FLAG,
    options: new Map([...commonOptions('nak', request, config), [code.message, encodeText(why)]]),
  };
  const to = destination('nak', request, config);
  return { type: 'nak', datagram: encodeDhcpPacket(packet), to, bootFile: undefined };
}

function answerTo({ packet }: DhcpRequest): DhcpPacket {
  return {
    ...packet,
    op: BOOTREPLY,
    hops: 0,
    secs: 0,
    ciaddr: NOWHERE,
    yiaddr: NOWHERE,
    siaddr: NOWHERE,
    sname: '',
    file: '',
  };
}

function commonOptions(
  type: Reply['type'],
  request: DhcpRequest,
  config: ReplyConfig,
): readonly (readonly [number, Uint8Array])[] {
  // Both come back as they were: client id by RFC 6842 §3, relay information by RFC 3046 §2.2.
  const echoed = [code.clientId, code.relayInfo].flatMap((option) => {
    const value = request.packet.options.get(option);
    return value === undefined ? [] : [[option, value] as const];
  });
  return [
    [code.messageType, encodeMessageType(type)],
    [code.serverId, encodeAddresses([config.serverAddress])],
    ...echoed,
  ];
}

function addresses(option: number, list: readonly Ipv4[]): readonly (readonly [number, Uint8Array])[] {
  return list.length === 0 ? [] : [[option, encodeAddresses(list)]];
}

/** Renew at a half and rebind at seven eighths of the lease. RFC 2131 §4.4.5 */
function times(seconds: number): readonly (readonly [number, Uint8Array])[] {
  return [
    [code.leaseTime, encodeSeconds(seconds)],
    [code.renewalTime, encodeSeconds(seconds / 2)],
    [code.rebindingTime, encodeSeconds((seconds * 7) / 8)],
  ];
}

/** What `file` says already may go when the client takes little; the rest may not. */
function fitted(packet: DhcpPacket, limit: number): Uint8Array | undefined {
  const whole = encodeDhcpPacket(packet);
  if (whole.length <= limit) return whole;
  const options = new Map(packet.options);
  options.delete(code.tftpServerName);
  if (packet.file !== '') options.delete(code.bootFileName);
  const smaller = encodeDhcpPacket({ ...packet, options });
  return smaller.length <= limit ? smaller : undefined;
}

/**
 * Where the answer goes, RFC 2131 §4.1: to the relay; to the address that the client uses; otherwise to everybody, which §4.1
 * permits also without the broadcast flag. A NAK that no relay passes on goes to everybody always.
 */
function destination(type: Reply['type'], request: DhcpRequest, config: ReplyConfig): Reply['to'] {
  if (request.giaddr !== undefined) return { address: request.giaddr, port: config.relayPort };
  if (type !== 'nak' && request.ciaddr !== undefined)
    return { address: request.ciaddr, port: config.clientPort };
  return { address: EVERYBODY, port: config.clientPort };
}
