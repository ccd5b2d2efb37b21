import { endianness } from 'node:os';
import { type ByteReader, ByteWriter } from '../base/bytes.ts';

/** How this processor orders the bytes of a number. */
export const isLittle = endianness() === 'LE';

/** A 16-bit value as the processor has it. */
function u16host(writer: ByteWriter, value: number): ByteWriter {
  return isLittle ? writer.u16le(value) : writer.u16be(value);
}

/** A 32-bit value as the processor has it. */
export function u32host(writer: ByteWriter, value: number): ByteWriter {
  return isLittle ? writer.u32le(value) : writer.u32be(value);
}

/** Reads a 16-bit value as the processor has it. */
export function u16of(reader: ByteReader, field: string): number {
  return isLittle ? reader.u16le(field) : reader.u16be(field);
}

/** Reads a 32-bit value as the processor has it. */
export function u32of(reader: ByteReader, field: string): number {
  return isLittle ? reader.u32le(field) : reader.u32be(field);
}

/** The four bytes of a number as the processor has them. */
export function u32bytes(value: number): Uint8Array {
  return u32host(new ByteWriter(4), value).done();
}

/** struct sockaddr_in, 16 bytes: family in host order, port and address in network order. ip(7) */
export function sockaddrIn(address: string, port: number): Uint8Array {
  const writer = u16host(new ByteWriter(16), AF_INET).u16be(port);
  return writer
    .bytes(Uint8Array.from(address.split('.'), Number))
    .fill(8)
    .done();
}

/** struct sockaddr_ll, 20 bytes, of one interface, for the 6-byte hardware address `to`. packet(7) */
export function sockaddrLl(protocol: number, interfaceIndex: number, to: Uint8Array): Uint8Array {
  const writer = u16host(new ByteWriter(20), AF_PACKET).u16be(protocol);
  return u16host(u32host(writer, interfaceIndex), 0)
    .u8(0)
    .u8(to.length)
    .bytes(to)
    .fill(8 - to.length)
    .done();
}

/** struct sockaddr of a hardware address, 16 bytes. */
export function sockaddrHardware(mac: Uint8Array): Uint8Array {
  return u16host(new ByteWriter(16), ARPHRD_ETHER)
    .bytes(mac)
    .fill(14 - mac.length)
    .done();
}

// Values of the generic Linux ABI (x86-64, arm64); linux/socket.h, asm-generic/socket.h, linux/if_arp.h.
export const AF_INET = 2;
export const AF_PACKET = 17;
export const SOCK_DGRAM = 2;
export const SOCK_RAW = 3;
export const SOCK_NONBLOCK = 0o4000;
export const SOCK_CLOEXEC = 0o2000000;
/** Ethernet, and what looks like it (veth, bridges, bonds, VLANs, taps). */
export const ARPHRD_ETHER = 1;
