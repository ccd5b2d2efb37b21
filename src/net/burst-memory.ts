import { type Ipv4, ipv4FromNumber, ipv4ToNumber } from '../base/ipv4.ts';
import type { Libc, NativeBytes } from './libc.ts';
import { AF_INET, isLittle } from './sockaddr.ts';
import type { UdpPeer, UdpReceiver } from './udp.ts';
import { MSG_DONTWAIT, mostSegments, SOL_UDP, UDP_SEGMENT, unfitCodes } from './udp-segment.ts';

// Of 64-bit Linux: struct mmsghdr, struct iovec, struct sockaddr_in, and struct cmsghdr with 16 bits of data behind it. socket(2), cmsg(3)
const HEADER = {
  size: 64,
  name: 0,
  nameLength: 8,
  iov: 16,
  iovLength: 24,
  control: 32,
  controlLength: 40,
  bytes: 56,
};
const IOV = 16;
const NAME = 16;
const CONTROL = 24;
const CONTROL_LENGTH = 18;

/** Datagrams that are read by one call. */
const mostRead = 32;
const longestDatagram = 65_536;
const sendRoom = 131_072;
/** The calls that bursts are made of. */
export type BurstCalls = Pick<Libc, 'sendmmsg' | 'recvmmsg' | 'lastError' | 'allocate' | 'pointerBytes'>;

/** Datagrams of one length to one address: where there are several, the kernel takes them as one and cuts them apart as late as it can. */
export interface Group {
  readonly to: UdpPeer;
  readonly size: number;
  readonly waiting: readonly { readonly data: Uint8Array }[];
}

/** Texts of addresses, of which a hall has some thousands; the same text each time, so that nobody has to hash it anew. */
class AddressTexts {
  readonly #texts = new Map<number, Ipv4>();

  of(address: number): Ipv4 {
    const known = this.#texts.get(address);
    if (known !== undefined) return known;
    const text = ipv4FromNumber(address);
    if (this.#texts.size >= mostTexts) this.#texts.clear();
    this.#texts.set(address, text);
    return text;
  }
}

const mostTexts = 4096;
const texts = new AddressTexts();

/** Memory that the kernel reads into, and reads from. */
class Room {
  protected readonly memory: NativeBytes;
  protected readonly bytes: Uint8Array;
  readonly #view: DataView;

  constructor(c: BurstCalls, size: number) {
    this.memory = c.allocate(size);
    this.bytes = this.memory.bytes;
    this.#view = new DataView(this.bytes.buffer, this.bytes.byteOffset, size);
  }

  free(): void {
    this.memory.free();
  }

  protected u32(at: number): number {
    return this.#view.getUint32(at, isLittle);
  }

  protected u16net(at: number): number {
    return this.#view.getUint16(at, false);
  }

  protected u32net(at: number): number {
    return this.#view.getUint32(at, false);
  }

  protected set16(at: number, value: number): void {
    this.#view.setUint16(at, value, isLittle);
  }

  protected set32(at: number, value: number): void {
    this.#view.setUint32(at, value, isLittle);
  }

  /** In two halves: a BigInt would be an object each time. */
  protected set64(at: number, value: number): void {
    const [low, high] = isLittle ? [at, at + 4] : [at + 4, at];
    this.#view.setUint32(low, value >>> 0, isLittle);
    this.#view.setUint32(high, Math.floor(value / 2 ** 32), isLittle);
  }

  protected setPointer(at: number, offset: number): void {
    this.set64(at, this.memory.address + offset);
  }

  protected setName(at: number, { address, port }: UdpPeer): void {
    this.set16(at, AF_INET);
    this.#view.setUint16(at + 2, port, false);
    this.#view.setUint32(at + 4, ipv4ToNumber(address as Ipv4), false);
  }
}

/** For reading. */
export class ReadRoom extends Room {
  readonly #c: BurstCalls;
  readonly #names = HEADER.size * mostRead;
  readonly #iovs = this.#names + NAME * mostRead;
  readonly #data = this.#iovs + IOV * mostRead;
  #isReading = false;
  #isFree = false;
  /** Of the datagram before: a hall's come from one address, that of machines without any. */
  #from: UdpPeer = { address: '0.0.0.0', port: 0 };
  #fromNumber = 0;

  constructor(c: BurstCalls) {
    super(c, (HEADER.size + NAME + IOV + longestDatagram) * mostRead);
    this.#c = c;
    for (let n = 0; n < mostRead; n += 1) {
      const header = HEADER.size * n;
      this.setPointer(header + HEADER.name, this.#names + NAME * n);
      this.set32(header + HEADER.nameLength, NAME);
      this.setPointer(header + HEADER.iov, this.#iovs + IOV * n);
      this.set64(header + HEADER.iovLength, 1);
      this.setPointer(this.#iovs + IOV * n, this.#data + longestDatagram * n);
      this.set64(this.#iovs + IOV * n + 8, longestDatagram);
    }
  }

  read(fd: number, receive: UdpReceiver): number {
    const count = this.#c.recvmmsg(fd, this.memory.address, mostRead, MSG_DONTWAIT, null);
    this.#isReading = true;
    for (let n = 0; n < count && !this.#isFree; n += 1) {
      const header = HEADER.size * n;
      // The kernel puts the length of the address there that it wrote.
      this.set32(header + HEADER.nameLength, NAME);
      const data = this.#data + longestDatagram * n;
      receive(this.bytes.subarray(data, data + this.u32(header + HEADER.bytes)), this.#sender(n));
    }
    this.#isReading = false;
    if (this.#isFree) super.free();
    return Math.max(count, 0);
  }

  /** A receiver may close the socket; what it has in hand is still good then. */
  override free(): void {
    this.#isFree = true;
    if (!this.#isReading) super.free();
  }

  #sender(n: number): UdpPeer {
    const name = this.#names + NAME * n;
    const [port, number] = [this.u16net(name + 2), this.u32net(name + 4)];
    if (port !== this.#from.port || number !== this.#fromNumber) {
      this.#from = { address: texts.of(number), port };
      this.#fromNumber = number;
    }
    return this.#from;
  }
}

/** For sending. */
export class SendRoom extends Room {
  readonly #c: BurstCalls;
  readonly #names = HEADER.size * mostSegments;
  readonly #iovs = this.#names + NAME * mostSegments;
  readonly #controls = this.#iovs + IOV * mostSegments;
  readonly #data = this.#controls + CONTROL * mostSegments;
  /** False once the way turned out to take no datagrams that are to be cut apart. */
  mayJoin: boolean;

  constructor(c: BurstCalls, mayJoin: boolean) {
    super(c, (HEADER.size + NAME + IOV + CONTROL) * mostSegments + sendRoom);
    this.#c = c;
    this.mayJoin = mayJoin;
    for (let n = 0; n < mostSegments; n += 1) {
      const [header, control] = [HEADER.size * n, this.#controls + CONTROL * n];
      this.setPointer(header + HEADER.name, this.#names + NAME * n);
      this.set32(header + HEADER.nameLength, NAME);
      this.setPointer(header + HEADER.iov, this.#iovs + IOV * n);
      this.set64(header + HEADER.iovLength, 1);
      this.set64(control, CONTROL_LENGTH);
      this.set32(control + 8, SOL_UDP);
      this.set32(control + 12, UDP_SEGMENT);
    }
  }

  /** How many of the groups, from the first one on, the kernel took. */
  send(fd: number, groups: readonly Group[]): number {
    let at = this.#data;
    let prepared = 0;
    for (const { to, size, waiting } of groups) {
      const length = size * waiting.length;
      if (at + length > this.bytes.length) break;
      const header = HEADER.size * prepared;
      this.setName(this.#names + NAME * prepared, to);
      this.setPointer(this.#iovs + IOV * prepared, at);
      this.set64(this.#iovs + IOV * prepared + 8, length);
      for (const { data } of waiting) {
        this.bytes.set(data, at);
        at += size;
      }
      this.#setSegment(header, prepared, waiting.length > 1 ? size : 0);
      prepared += 1;
    }
    const sent = prepared === 0 ? 0 : this.#c.sendmmsg(fd, this.memory.address, prepared, MSG_DONTWAIT);
    if (sent === prepared) return sent;
    const failed = groups[Math.max(sent, 0)];
    // A later one's error is not told; the usual way then goes for the rest of this burst, and the next burst finds out.
    if (sent < 0 && failed !== undefined && failed.waiting.length > 1 && unfitCodes.has(this.#c.lastError()))
      this.mayJoin = false;
    return Math.max(sent, 0);
  }

  #setSegment(header: number, n: number, size: number): void {
    if (size === 0) {
      this.set64(header + HEADER.control, 0);
      this.set64(header + HEADER.controlLength, 0);
      return;
    }
    this.setPointer(header + HEADER.control, this.#controls + CONTROL * n);
    this.set64(header + HEADER.controlLength, CONTROL_LENGTH);
    this.set16(this.#controls + CONTROL * n + 16, size);
  }
}
