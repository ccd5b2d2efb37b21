import { ipv4ToNumber } from '../../src/base/ipv4.ts';
import { network } from './orders.ts';

/** Options of a machine's ROM and of the iPXE that it loads, as these send them; a plain client has none. */
export const clientOptions = {
  host: [],
  // A day.
  timed: [[51, 0, 1, 0x51, 0x80]],
  // PXEClient:Arch:00007:UNDI:003016, architecture 7, UNDI 3.16
  rom: [
    [60, ...Buffer.from('PXEClient:Arch:00007:UNDI:003016')],
    [93, 0, 7],
    [94, 1, 3, 16],
    [57, 1472 >> 8, 1472 & 255],
  ],
  // User class, and features with HTTP (0x13), EFI (0x24) and menus (0x27).
  ipxe: [
    [60, ...Buffer.from('PXEClient:Arch:00007:UNDI:003016')],
    [93, 0, 7],
    [77, ...Buffer.from('iPXE')],
    [175, 0xb1, 4, 1, 0x80, 0x86, 0x10, 0x13, 1, 1, 0x24, 1, 1, 0x27, 1, 1],
    [57, 1472 >> 8, 1472 & 255],
  ],
} as const satisfies Record<string, readonly (readonly number[])[]>;

export interface Message {
  readonly type: 'discover' | 'request';
  readonly xid: number;
  readonly mac: string;
  readonly client: keyof typeof clientOptions;
  /** Address that a REQUEST asks for, as a number. */
  readonly ip?: number;
}

/** A client's message with the broadcast flag, at least 300 bytes long (RFC 2131 §2, RFC 1542 §2.1); written here so that no code of ours judges itself. */
export function clientMessage({ type, xid, mac, client, ip }: Message): Buffer {
  const hardware = Buffer.from(mac.replaceAll(':', ''), 'hex');
  const options = [
    [53, type === 'discover' ? 1 : 3],
    [61, 1, ...hardware],
    [55, 1, 3, 6, 12, 15, 28, 66, 67],
    ...(ip === undefined ? [] : [[50, ...numberBytes(ip)]]),
    ...(type === 'request' ? [[54, ...numberBytes(ipv4ToNumber(network.server))]] : []),
    ...clientOptions[client],
  ];
  const area = options.flatMap(([code = 0, ...value]) => [code, value.length, ...value]);
  const packet = Buffer.alloc(Math.max(300, 240 + area.length + 1));
  packet.set([1, 1, 6, 0]);
  packet.writeUInt32BE(xid, 4);
  packet.writeUInt16BE(0x8000, 10);
  packet.set(hardware, 28);
  packet.writeUInt32BE(0x63825363, 236);
  packet.set([...area, 255], 240);
  return packet;
}

/** Turns a message of `clientMessage` into another client's: `mac` and `ip` (of a REQUEST) as numbers. */
export function setAsked(
  packet: Buffer,
  { xid, mac, ip }: { readonly xid: number; readonly mac: number; readonly ip: number | undefined },
): void {
  packet.writeUInt32BE(xid, 4);
  packet.writeUIntBE(mac, 28, 6);
  // Behind the cookie and the type (3 bytes): option 61 with its number, length and type of hardware.
  packet.writeUIntBE(mac, 246, 6);
  if (ip !== undefined) packet.writeUInt32BE(ip, ipAt);
}

/** Behind option 61 (9 bytes) and 55 (10 bytes), and option 50's number and length. */
const ipAt = 243 + 9 + 10 + 2;

function numberBytes(value: number): readonly number[] {
  return [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
}

/** Reads what a client looks at: type (2 OFFER, 5 ACK, 6 NAK), its address, the boot file. Undefined for anything else. */
export function readReply(
  data: Buffer,
): { readonly type: number; readonly xid: number; readonly ip: number; readonly file: string } | undefined {
  if (data.length < 241 || data[0] !== 2) return undefined;
  let type = 0;
  let file = data.toString('latin1', 108, data.indexOf(0, 108));
  for (let at = 240; at + 1 < data.length && data[at] !== 255; ) {
    if (data[at] === 0) {
      at += 1;
      continue;
    }
    const length = data[at + 1] ?? 0;
    if (data[at] === 53) type = data[at + 2] ?? 0;
    if (data[at] === 67) file = data.toString('latin1', at + 2, at + 2 + length);
    at += 2 + length;
  }
  return { type, xid: data.readUInt32BE(4), ip: data.readUInt32BE(16), file: file.replace(/\0+$/, '') };
}

/** True for a client's message as the standard has it: a BOOTREQUEST on Ethernet with options that end within it, one of them its type. */
export function isClientMessage(data: Buffer): boolean {
  if (data.length < 241 || data[0] !== 1 || data[1] !== 1 || data[2] !== 6) return false;
  if (data.readUInt32BE(236) !== 0x63825363) return false;
  let type = 0;
  for (let at = 240; at < data.length && data[at] !== 255; ) {
    if (data[at] === 0) {
      at += 1;
      continue;
    }
    const length = data[at + 1] ?? data.length;
    if (at + 2 + length > data.length) return false;
    if (data[at] === 53 && length === 1) type = data[at + 2] ?? 0;
    at += 2 + length;
  }
  return type === 1 || type === 3 || type === 8;
}
