import { WireError } from '../../base/bytes.ts';
import { type Ipv4, parseIpv4 } from '../../base/ipv4.ts';
import { type Mac, macToBytes } from '../../base/mac.ts';
import { code } from '../dhcp/wire/option-codes.ts';
import { decodeAddress } from '../dhcp/wire/options/address.ts';
import { decodeMessageType, encodeMessageType } from '../dhcp/wire/options/message-type.ts';
import { decodeText } from '../dhcp/wire/options/text.ts';
import {
  BOOTREPLY,
  BOOTREQUEST,
  BROADCAST_FLAG,
  type DhcpPacket,
  decodeDhcpPacket,
  encodeDhcpPacket,
  ETHERNET,
} from '../dhcp/wire/packet.ts';

const none = '0.0.0.0' as Ipv4;

/** What another server offered. */
export interface SeenOffer {
  readonly server: Ipv4;
  readonly offered: Ipv4 | undefined;
  readonly bootFile: string | undefined;
}

/**
 * A DISCOVER that asks for nothing but an answer by broadcast. Not as a PXE client: other provisioning systems would list a machine that
 * does not exist. RFC 2131 §4.4.1
 */
export function encodeProbe(mac: Mac, xid: number): Uint8Array {
  const chaddr = new Uint8Array(16);
  chaddr.set(macToBytes(mac));
  return encodeDhcpPacket({
    op: BOOTREQUEST,
    htype: ETHERNET,
    hlen: 6,
    hops: 0,
    xid,
    secs: 0,
    flags: BROADCAST_FLAG,
    ciaddr: none,
    yiaddr: none,
    siaddr: none,
    giaddr: none,
    chaddr,
    sname: '',
    file: '',
    options: new Map([
      [code.messageType, encodeMessageType('discover')],
      [
        code.parameterList,
        Uint8Array.of(code.subnetMask, code.router, code.tftpServerName, code.bootFileName),
      ],
    ]),
  });
}

/** The offer in a datagram, to whomever it was made; undefined for anything else, malformed ones too. `from` is its sender's address. */
export function readOffer(datagram: Uint8Array, from: string): SeenOffer | undefined {
  try {
    const packet = decodeDhcpPacket(datagram);
    const type = packet.options.get(code.messageType);
    if (packet.op !== BOOTREPLY || type === undefined || decodeMessageType(type) !== 'offer')
      return undefined;
    const serverId = packet.options.get(code.serverId);
    const server = serverId === undefined ? parseIpv4(from) : decodeAddress(serverId, 'dhcp.options.54');
    if (server === undefined) return undefined;
    return {
      server,
      offered: packet.yiaddr === none ? undefined : packet.yiaddr,
      bootFile: bootFileOf(packet),
    };
  } catch (error) {
    if (error instanceof WireError) return undefined;
    throw error;
  }
}

function bootFileOf({ file, options }: DhcpPacket): string | undefined {
  const option = options.get(code.bootFileName);
  if (file === '') return option && decodeText(option);
  return file.replaceAll(/[^ -~]/g, '?');
}
