import { explainRawFailure } from '../bind-failure.ts';
import { callFailed, libc } from '../libc.ts';
import { SOCK_CLOEXEC, SOCK_NONBLOCK } from '../sockaddr.ts';

/** The largest packet that is looked at; ARP and echo replies are far smaller. */
const longest = 2048;

/** A non-blocking raw or packet socket. Node cannot wait for one, so its user looks from time to time. */
export interface RawSocket {
  /** False when the kernel did not take it: no route, no interface, no room. */
  send(packet: Uint8Array, to: Uint8Array): boolean;
  /** The next packet that has arrived; undefined when there is none. */
  receive(): Uint8Array | undefined;
  /** May be called twice. */
  close(): void;
}

/** What socket to open; the numbers are those of socket(2), the addresses struct sockaddr. */
export interface RawSocketOptions {
  readonly domain: number;
  readonly type: number;
  /** As socket(2) wants it, which is network order for packet sockets. */
  readonly protocol: number;
  /** Undefined binds to nothing. */
  readonly bindTo: Uint8Array | undefined;
  readonly options?: readonly { readonly level: number; readonly name: number; readonly value: Uint8Array }[];
  /** Completes "not allowed to ...". */
  readonly purpose: string;
}

/** Opens the socket. Rejects with NetError, `no-permission` without CAP_NET_RAW. */
export async function openRawSocket(wish: RawSocketOptions): Promise<RawSocket> {
  const c = await libc(wish.purpose);
  const fd = c.socket(wish.domain, wish.type | SOCK_CLOEXEC | SOCK_NONBLOCK, wish.protocol);
  if (fd < 0) throw explainRawFailure(wish.purpose, callFailed('socket', c.lastError()));
  const check = (syscall: string, result: number): void => {
    if (result >= 0) return;
    const failure = callFailed(syscall, c.lastError());
    c.close(fd);
    throw explainRawFailure(wish.purpose, failure);
  };
  for (const { level, name, value } of wish.options ?? []) {
    check('setsockopt', c.setsockopt(fd, level, name, value, value.length));
  }
  if (wish.bindTo !== undefined) check('bind', c.bind(fd, wish.bindTo, wish.bindTo.length));
  const room = new Uint8Array(longest);
  let isOpen = true;
  return {
    send: (packet, to) => isOpen && c.sendto(fd, packet, packet.length, 0, to, to.length) >= 0,
    receive() {
      const length = isOpen ? c.recv(fd, room, room.length, 0) : -1;
      return length < 0 ? undefined : room.slice(0, length);
    },
    close() {
      if (isOpen) c.close(fd);
      isOpen = false;
    },
  };
}
