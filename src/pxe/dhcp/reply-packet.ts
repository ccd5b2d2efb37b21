import type { Ipv4 } from '../../base/ipv4.ts';
import { broadcastOf, sameSubnet } from '../../base/ipv4.ts';
import type { BootFields } from './boot-fields.ts';
import { type Arrival, destination, type Destination } from './destination.ts';
import type { ReplyConfig } from './reply-config.ts';
import { fitted, UDP_HEADERS } from './reply-size.ts';
import type { DhcpRequest } from './request.ts';
import { type Options, writeOption } from './wire/option-area.ts';
import { code } from './wire/option-codes.ts';
import { encodeAddresses } from './wire/options/address.ts';
import { encodeMessageType } from './wire/options/message-type.ts';
import { encodeSeconds, writeSeconds } from './wire/options/seconds.ts';
import { encodeText } from './wire/options/text.ts';
import {
  BOOTREPLY,
  BROADCAST_FLAG,
  type DhcpPacket,
  encodeTail,
  endOnTail,
  beginOnTail,
} from './wire/packet.ts';

const NOWHERE = '0.0.0.0' as Ipv4;
const nothing = new Uint8Array();
const noOptions: Options = new Map();

/** One answer, ready to be sent. */
export interface Reply extends Destination {
  readonly type: 'offer' | 'ack' | 'nak';
  readonly datagram: Uint8Array;
  readonly bootFile: string | undefined;
}

/** What an OFFER or ACK gives. Without `lease` it is the answer to an INFORM (RFC 2131 §4.3.5), or one of proxyDHCP. */
export interface Grant {
  readonly lease: { readonly ip: Ipv4; readonly seconds: number } | undefined;
  readonly boot: BootFields;
  /** The ACK answers a DISCOVER. RFC 4039 §3.1 */
  readonly rapid?: boolean;
}

/** An OFFER or ACK, table 3 of RFC 2131 §4.3.1; undefined when it does not fit what the client can take. */
export function grantReply(
  type: 'offer' | 'ack',
  request: DhcpRequest,
  grant: Grant,
  config: ReplyConfig,
): Reply | undefined {
  const { lease, boot } = grant;
  const ciaddr = type === 'ack' && request.type !== 'discover' ? request.packet.ciaddr : NOWHERE;
  const head = answerTo(request, ciaddr, lease?.ip);
  const datagram =
    fromTail(type, head, request, grant, config) ??
    fitted(
      {
        ...head,
        siaddr: boot.siaddr,
        file: boot.file,
        options: new Map([
          ...networkOptions(type, config),
          ...(lease === undefined ? [] : times(lease.seconds)),
          ...boot.options,
          ...(grant.rapid === true ? [[code.rapidCommit, nothing] as const] : []),
          ...serverOptions(type, request, config),
          ...echoes(request, config),
        ]),
      },
      request,
    );
  if (datagram === undefined) return undefined;
  return { type, datagram, ...destination(type, request, lease?.ip, config), bootFile: boot.bootFile };
}

/** The boot file alone, for a client whose address is somebody else's to give. PXE 2.1 §2.2.3 */
export function proxyReply(
  type: 'offer' | 'ack',
  request: DhcpRequest,
  boot: BootFields,
  arrival: Arrival,
  config: ReplyConfig,
): Reply | undefined {
  const packet = {
    ...answerTo(request),
    ciaddr: type === 'ack' ? request.packet.ciaddr : NOWHERE,
    siaddr: boot.siaddr,
    file: boot.file,
    options: new Map([...boot.options, ...serverOptions(type, request, config), ...echoes(request, config)]),
  };
  const datagram = fitted(packet, request);
  const to =
    type === 'ack'
      ? { to: { address: arrival.source, port: arrival.sourcePort }, direct: undefined }
      : destination(type, request, undefined, config);
  return datagram && { type, datagram, ...to, bootFile: boot.bootFile };
}

/** A refusal: no address, no parameters, only who says no and why. RFC 2131 §4.3.1 table 3 */
export function nakReply(request: DhcpRequest, why: string, config: ReplyConfig): Reply | undefined {
  const base = answerTo(request);
  const packet: DhcpPacket = {
    ...base,
    // The client has no address that a relay could send to. RFC 2131 §4.3.2
    flags: request.giaddr === undefined ? base.flags : base.flags | BROADCAST_FLAG,
    options: new Map([
      ...serverOptions('nak', request, config),
      ...echoes(request, config),
      [code.message, encodeText(why)],
    ]),
  };
  const datagram = fitted(packet, request, true);
  return (
    datagram && {
      type: 'nak',
      datagram,
      ...destination('nak', request, undefined, config),
      bootFile: undefined,
    }
  );
}

/** Written out: copying objects member by member took most of the time of an answer. */
function answerTo({ packet }: DhcpRequest, ciaddr = NOWHERE, yiaddr = NOWHERE): DhcpPacket {
  return {
    op: BOOTREPLY,
    htype: packet.htype,
    hlen: packet.hlen,
    hops: 0,
    xid: packet.xid,
    secs: 0,
    flags: packet.flags,
    ciaddr,
    yiaddr,
    siaddr: NOWHERE,
    giaddr: packet.giaddr,
    chaddr: packet.chaddr,
    sname: '',
    file: '',
    options: noOptions,
  };
}

type Entries = readonly (readonly [number, Uint8Array])[];

/** What an address needs to be of use, the same for all clients of a network. */
function networkOptions(type: Reply['type'], config: ReplyConfig): Entries {
  const { serverAddress, subnet, netmask, router, dns } = config;
  return [
    [code.messageType, encodeMessageType(type)],
    [code.serverId, encodeAddresses([serverAddress])],
    [code.subnetMask, encodeAddresses([netmask])],
    [code.broadcastAddress, encodeAddresses([broadcastOf(subnet, netmask)])],
    ...(router === undefined ? [] : [[code.router, encodeAddresses([router])] as const]),
    ...(dns.length === 0 ? [] : [[code.domainNameServer, encodeAddresses(dns)] as const]),
  ];
}

/** Renew at a half and rebind at seven eighths of the lease. RFC 2131 §4.4.5 */
function times(seconds: number): Entries {
  return [
    [code.leaseTime, encodeSeconds(seconds)],
    [code.renewalTime, encodeSeconds(seconds / 2)],
    [code.rebindingTime, encodeSeconds((seconds * 7) / 8)],
  ];
}

function serverOptions(type: Reply['type'], request: DhcpRequest, config: ReplyConfig): Entries {
  const override = request.giaddr === undefined ? undefined : request.relay?.serverIdOverride;
  return [
    [code.messageType, encodeMessageType(type)],
    [code.serverId, encodeAddresses([override ?? config.serverAddress])],
  ];
}

/**
 * What comes back as it was, in the order of `inOrder`: client id by RFC 6842 §3, a subnet selection that was heeded by RFC 3011 §2, and
 * relay information by RFC 3046 §2.2.
 */
function echoed({ subnetSelection }: DhcpRequest, { subnet, netmask }: ReplyConfig): readonly number[] {
  return subnetSelection !== undefined && sameSubnet(subnetSelection, subnet, netmask)
    ? [code.clientId, code.subnetSelection, code.relayInfo]
    : usuallyEchoed;
}

const usuallyEchoed = [code.clientId, code.relayInfo];

function echoes(request: DhcpRequest, config: ReplyConfig): Options {
  const values = new Map<number, Uint8Array>();
  for (const option of echoed(request, config)) {
    const value = request.packet.options.get(option);
    if (value !== undefined) values.set(option, value);
  }
  return values;
}

/** Encoded network options by message type; a configuration never changes. */
const tails = new WeakMap<ReplyConfig, Map<Reply['type'], Uint8Array>>();

/**
 * The usual answer to a system that boots nothing, made of parts that were encoded before; undefined when there is more to it, or
 * when it has to be made to fit.
 */
function fromTail(
  type: 'offer' | 'ack',
  head: DhcpPacket,
  request: DhcpRequest,
  { lease, boot, rapid }: Grant,
  config: ReplyConfig,
): Uint8Array | undefined {
  if (boot.bootFile !== undefined || rapid === true || request.type === 'bootp') return undefined;
  if (request.relay?.serverIdOverride !== undefined) return undefined;
  const known = tails.get(config) ?? new Map<Reply['type'], Uint8Array>();
  tails.set(config, known);
  const tail = known.get(type) ?? encodeTail(new Map(networkOptions(type, config)));
  known.set(type, tail);
  const w = beginOnTail(head, tail);
  if (lease !== undefined) {
    writeSeconds(w, code.leaseTime, lease.seconds);
    writeSeconds(w, code.renewalTime, lease.seconds / 2);
    writeSeconds(w, code.rebindingTime, (lease.seconds * 7) / 8);
  }
  // In the order of `inOrder`, as all options are.
  for (const option of echoed(request, config)) {
    const value = request.packet.options.get(option);
    if (value !== undefined) writeOption(w, option, value);
  }
  const datagram = endOnTail(w);
  return datagram.length <= request.maxMessageSize - UDP_HEADERS ? datagram : undefined;
}
