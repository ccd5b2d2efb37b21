import { WireError } from '../../base/bytes.ts';
import type { Ipv4 } from '../../base/ipv4.ts';
import { type Mac, macFromBytes } from '../../base/mac.ts';
import type { Uuid } from '../../base/uuid.ts';
import { code } from './wire/option-codes.ts';
import { decodeAddress } from './wire/options/address.ts';
import { decodeClientArch } from './wire/options/client-arch.ts';
import { decodeClientId } from './wire/options/client-id.ts';
import { decodeIpxeFeatures, type IpxeFeatures } from './wire/options/ipxe.ts';
import { decodeMachineId } from './wire/options/machine-id.ts';
import { decodeMaxMessageSize, MIN_MESSAGE_SIZE } from './wire/options/max-message-size.ts';
import { decodeMessageType, type MessageType } from './wire/options/message-type.ts';
import { noParameterList, ParameterList } from './wire/options/parameter-list.ts';
import { decodeRelayInfo, type RelayInfo } from './wire/options/relay-info.ts';
import { decodeText } from './wire/options/text.ts';
import { decodeUserClass } from './wire/options/user-class.ts';
import { BOOTREQUEST, type DhcpPacket, decodeDhcpPacket, ETHERNET } from './wire/packet.ts';

/** `bootp` is a BOOTREQUEST without option 53. RFC 1534 §2 */
type ClientMessage = Exclude<MessageType, 'offer' | 'ack' | 'nak'> | 'bootp';

/** 300 bytes of BOOTP with IP and UDP headers: its clients take no more. RFC 951 §3 */
const BOOTP_MESSAGE_SIZE = 328;
/** One Ethernet frame; firmware that claims to take more does not put fragments together. */
const LONGEST_MESSAGE = 1500;

/** What a client wants, in domain words. Undefined means that the client said nothing about it. */
export interface DhcpRequest {
  readonly type: ClientMessage;
  readonly packet: DhcpPacket;
  /** Bytes of the message. */
  readonly bytes: number;
  readonly mac: Mac;
  /** The address that the client uses already; undefined for 0.0.0.0. */
  readonly ciaddr: Ipv4 | undefined;
  /** The relay that passed the message on; undefined for 0.0.0.0. */
  readonly giaddr: Ipv4 | undefined;
  /** What that relay, or a switch on the way, added (option 82). */
  readonly relay: RelayInfo | undefined;
  /** An address of the subnet that the client wants an address of (option 118, RFC 3011). */
  readonly subnetSelection: Ipv4 | undefined;
  readonly requestedAddress: Ipv4 | undefined;
  readonly serverId: Ipv4 | undefined;
  /** Hex of option 61. */
  readonly clientId: string | undefined;
  readonly vendorClass: string | undefined;
  readonly hostname: string | undefined;
  readonly archs: readonly number[];
  readonly machineUuids: readonly Uuid[];
  /** Undefined when the client is no iPXE. One that says nothing of itself is taken to have all. */
  readonly ipxe: IpxeFeatures | undefined;
  /** Options that the client asks for, the most wanted first (option 55). */
  readonly wanted: ParameterList;
  /** True when the client takes an ACK in place of an OFFER (option 80, RFC 4039). */
  readonly rapidCommit: boolean;
  /** Largest IP datagram that the client takes, in bytes. */
  readonly maxMessageSize: number;
  /** Informational options that could not be read, and were taken for absent. */
  readonly malformed: readonly string[];
}

export type RequestReading =
  | { readonly kind: 'request'; readonly request: DhcpRequest }
  | { readonly kind: 'ignore'; readonly reason: IgnoredDatagram };

/** Why a datagram on the DHCP port is none of ours. */
export type IgnoredDatagram =
  | 'not-a-request'
  | 'not-ethernet'
  | 'bad-mac'
  | 'not-from-a-client'
  | 'malformed';

/** Reads a datagram that came to the DHCP port. Never throws: malformed ones are ignored too, with the field as `detail`. */
export function readRequest(datagram: Uint8Array): RequestReading & { readonly detail?: string } {
  try {
    return requestOf(decodeDhcpPacket(datagram), datagram.length);
  } catch (error) {
    if (error instanceof WireError) return { kind: 'ignore', reason: 'malformed', detail: error.message };
    throw error;
  }
}

function requestOf(packet: DhcpPacket, bytes: number): RequestReading {
  const ignore = (reason: IgnoredDatagram): RequestReading => ({ kind: 'ignore', reason });
  if (packet.op !== BOOTREQUEST) return ignore('not-a-request');
  if (packet.htype !== ETHERNET || packet.hlen !== 6) return ignore('not-ethernet');
  const mac = macFromBytes(packet.chaddr);
  // A group address or all zeros can be nobody's; a faulty NIC or a forger sent it.
  if (mac === undefined || mac === '00:00:00:00:00:00' || isGroup(mac)) return ignore('bad-mac');
  const options = packet.options;
  const typeBytes = options.get(code.messageType);
  const type = typeBytes === undefined ? 'bootp' : decodeMessageType(typeBytes);
  if (type === 'offer' || type === 'ack' || type === 'nak') return ignore('not-from-a-client');

  // What decides about addresses must be right; what only describes the machine may be broken, as in some ROMs it is.
  const strict = (option: number): Ipv4 | undefined => {
    const value = options.get(option);
    return value && specified(decodeAddress(value, `dhcp.options.${option}`));
  };
  const malformed: string[] = [];
  const lenient = <T>(option: number, decode: (value: Uint8Array) => T): T | undefined => {
    const value = options.get(option);
    if (value === undefined) return undefined;
    try {
      return decode(value);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      malformed.push(error.message);
      return undefined;
    }
  };
  const features = lenient(code.ipxe, decodeIpxeFeatures);
  const userClass = lenient(code.userClass, decodeUserClass) ?? [];
  const isIpxe = options.has(code.ipxe) || userClass.includes('iPXE');
  return {
    kind: 'request',
    request: {
      type,
      packet,
      bytes,
      mac,
      ciaddr: specified(packet.ciaddr),
      giaddr: specified(packet.giaddr),
      relay: lenient(code.relayInfo, decodeRelayInfo),
      subnetSelection: lenient(code.subnetSelection, (value) =>
        specified(decodeAddress(value, 'dhcp.options.118')),
      ),
      requestedAddress: strict(code.requestedAddress),
      serverId: strict(code.serverId),
      clientId: lenient(code.clientId, decodeClientId),
      vendorClass: lenient(code.vendorClass, decodeText),
      hostname: lenient(code.hostName, decodeText),
      archs: lenient(code.clientArch, decodeClientArch) ?? [],
      machineUuids: lenient(code.machineId, decodeMachineId) ?? [],
      ipxe: isIpxe ? (features ?? { complete: true }) : undefined,
      wanted: lenient(code.parameterList, (value) => new ParameterList(value)) ?? noParameterList,
      rapidCommit: options.has(code.rapidCommit),
      maxMessageSize:
        type === 'bootp'
          ? BOOTP_MESSAGE_SIZE
          : Math.min(lenient(code.maxMessageSize, decodeMaxMessageSize) ?? MIN_MESSAGE_SIZE, LONGEST_MESSAGE),
      malformed,
    },
  };
}

function specified(address: Ipv4): Ipv4 | undefined {
  return address === '0.0.0.0' ? undefined : address;
}

/** The first bit on the wire marks group addresses. IEEE 802-2014 §8.2.2 */
function isGroup(mac: Mac): boolean {
  return (Number.parseInt(mac.slice(0, 2), 16) & 1) === 1;
}
