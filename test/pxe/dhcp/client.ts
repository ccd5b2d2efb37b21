import type { Ipv4 } from '../../../src/base/ipv4.ts';
import { type Mac, macToBytes } from '../../../src/base/mac.ts';
import type { Uuid } from '../../../src/base/uuid.ts';
import { type Client, createPool } from '../../../src/pxe/dhcp/address-pool.ts';
import { holdingOf, LeaseTable } from '../../../src/pxe/dhcp/leases.ts';
import { type DhcpOutcome, decideReply } from '../../../src/pxe/dhcp/reply.ts';
import type { ReplyConfig } from '../../../src/pxe/dhcp/reply-config.ts';
import type { Reply } from '../../../src/pxe/dhcp/reply-packet.ts';
import { type DhcpRequest, readRequest } from '../../../src/pxe/dhcp/request.ts';
import { code } from '../../../src/pxe/dhcp/wire/option-codes.ts';
import { encodeAddresses } from '../../../src/pxe/dhcp/wire/options/address.ts';
import { type MessageType, messageTypes } from '../../../src/pxe/dhcp/wire/options/message-type.ts';
import { type DhcpPacket, decodeDhcpPacket, encodeDhcpPacket } from '../../../src/pxe/dhcp/wire/packet.ts';
import type { BootDecision, Lease } from '../../../src/pxe/ports.ts';

export const ip = (text: string): Ipv4 => text as Ipv4;
export const serverUuid = 'a'.repeat(32) as Uuid;
export const server = ip('192.0.2.1');
export const mac = '52:54:00:00:00:01' as Mac;
export const otherMac = '52:54:00:00:00:02' as Mac;
export const none = ip('0.0.0.0');
export const scriptUrl = 'http://192.0.2.1:8081/boot/token/boot.ipxe';
export const boot: BootDecision = { kind: 'boot', scriptUrl };
export const address: BootDecision = { kind: 'address' };
export const ignored: BootDecision = { kind: 'ignore', reason: 'unknown-machine' };

export const config: ReplyConfig = {
  serverUuid,
  serverAddress: server,
  subnet: server,
  netmask: ip('255.255.255.0'),
  router: ip('192.0.2.254'),
  dns: [ip('192.0.2.53')],
  onlyReserved: false,
  rapidCommit: false,
  bootp: false,
  firmwareLeaseSeconds: 300,
  installerLeaseSeconds: 3600,
  hostLeaseSeconds: 86_400,
  clientPort: 68,
  relayPort: 67,
  loaderFor: (firmware) =>
    (({ bios: 'undionly.kpxe', 'uefi-x64': 'snponly.efi' }) as Record<string, string>)[firmware],
  httpLoaderUrl: (firmware) => `http://192.0.2.1:8081/loader/${firmware}.efi`,
};

export const poolOf = (begin = '192.0.2.100', end = '192.0.2.103') =>
  createPool({
    subnet: server,
    taken: [server],
    netmask: config.netmask,
    rangeBegin: ip(begin),
    rangeEnd: ip(end),
  });

export interface Message {
  readonly type: MessageType | 'none';
  readonly mac?: Mac;
  readonly ciaddr?: string;
  readonly giaddr?: string;
  readonly requested?: string;
  readonly serverId?: string;
  readonly fields?: Partial<DhcpPacket>;
  readonly options?: Readonly<Record<number, string | readonly number[]>>;
}

/** Bytes of a client's message. */
export function message(m: Message): Uint8Array {
  const text = (value: string | readonly number[]): Uint8Array =>
    typeof value === 'string' ? new TextEncoder().encode(value) : Uint8Array.from(value);
  const chaddr = new Uint8Array(16);
  chaddr.set(macToBytes(m.mac ?? mac));
  return encodeDhcpPacket({
    op: 1,
    htype: 1,
    hlen: 6,
    hops: 0,
    xid: 0x12345678,
    secs: 4,
    flags: 0,
    ciaddr: ip(m.ciaddr ?? '0.0.0.0'),
    yiaddr: none,
    siaddr: none,
    giaddr: ip(m.giaddr ?? '0.0.0.0'),
    chaddr,
    sname: '',
    file: '',
    options: new Map<number, Uint8Array>([
      ...(m.type === 'none' ? [] : [[code.messageType, Uint8Array.of(messageTypes[m.type])] as const]),
      ...(m.requested === undefined
        ? []
        : [[code.requestedAddress, encodeAddresses([ip(m.requested)])] as const]),
      ...(m.serverId === undefined ? [] : [[code.serverId, encodeAddresses([ip(m.serverId)])] as const]),
      ...Object.entries(m.options ?? {}).map(([option, value]) => [Number(option), text(value)] as const),
    ]),
    ...m.fields,
  });
}

/** What the server made of a message; fails when it made nothing of it. */
export function requestOf(m: Message): DhcpRequest {
  const reading = readRequest(message(m));
  if (reading.kind !== 'request') throw new Error(`ignored: ${reading.reason}`);
  return reading.request;
}

export const lease = (text: string, changes: Partial<Lease> = {}): Lease => ({
  serverUuid,
  ip: ip(text),
  mac,
  clientId: undefined,
  expiresAt: 1_000_000,
  state: 'bound',
  ...changes,
});

/** A table over the usual pool, or another one. */
export const tableOf = (leases: readonly Lease[], pool = poolOf()): LeaseTable =>
  new LeaseTable(
    pool,
    leases.map((one) => [one.ip, holdingOf(one)]),
  );

/** Who asks, by MAC alone. */
export const client = (who: Mac): Client => ({ mac: who, clientId: undefined });

/** Decides one message against leases at a time. */
export function decide(
  m: Message,
  {
    leases = [],
    now = 0,
    decision = address,
    table,
    settings = {},
  }: {
    readonly leases?: readonly Lease[];
    readonly now?: number;
    readonly decision?: BootDecision;
    readonly table?: LeaseTable;
    readonly settings?: Partial<ReplyConfig>;
  } = {},
): DhcpOutcome {
  const view = table ?? tableOf(leases);
  return decideReply(requestOf(m), decision, view, { ...config, ...settings }, now);
}

/** The reply of an outcome, decoded; fails when there is none. */
export function replyOf(outcome: DhcpOutcome): { readonly packet: DhcpPacket; readonly reply: Reply } {
  if (!('reply' in outcome)) throw new Error(`no reply: ${JSON.stringify(outcome)}`);
  return { packet: decodeDhcpPacket(outcome.reply.datagram), reply: outcome.reply };
}

export function optionText(packet: DhcpPacket, option: number): string | undefined {
  const value = packet.options.get(option);
  return value && Buffer.from(value).toString('latin1');
}
