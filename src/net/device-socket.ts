import { endianness } from 'node:os';
import { messageOf } from '../base/errors.ts';
import { NetError } from './errors.ts';
import type { UdpBindOptions } from './udp.ts';

// Values of the generic Linux ABI (x86-64, arm64); linux/socket.h and asm-generic/socket.h.
const AF_INET = 2;
const SOCK_DGRAM = 2;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const SO_BROADCAST = 6;
const SO_BINDTODEVICE = 25;

interface Libc {
  readonly socket: (domain: number, type: number, protocol: number) => number;
  readonly setsockopt: (fd: number, level: number, name: number, value: Uint8Array, length: number) => number;
  readonly bind: (fd: number, address: Uint8Array, length: number) => number;
  readonly close: (fd: number) => number;
  /** Symbolic name of the last failure, e.g. `ENODEV`. */
  readonly lastError: () => string;
}

let loading: Promise<Libc> | undefined;

async function loadLibc(): Promise<Libc> {
  const koffi = (await import('koffi')).default;
  // The process itself is linked with its libc, whichever one that is (glibc, musl).
  const lib = koffi.load(null);
  const names = new Map(Object.entries(koffi.os.errno).map(([name, code]) => [code, name]));
  return {
    socket: lib.func('int socket(int domain, int type, int protocol)'),
    setsockopt: lib.func('int setsockopt(int fd, int level, int name, const void *value, uint32_t length)'),
    bind: lib.func('int bind(int fd, const void *address, uint32_t length)'),
    close: lib.func('int close(int fd)'),
    lastError: () => names.get(koffi.errno()) ?? `errno ${koffi.errno()}`,
  };
}

function libc(device: string): Promise<Libc> {
  loading ??= loadLibc();
  return loading.catch((cause: unknown) => {
    loading = undefined;
    throw new NetError(
      'io',
      `can't bind a socket to ${device}: the package koffi does not load on this system (${messageOf(cause)}); ` +
        'run `npm rebuild koffi`, or reinstall it for this processor and C library',
      { data: { device }, cause },
    );
  });
}

/** struct sockaddr_in: family in host order, port and address in network order. */
function sockaddrIn(address: string, port: number): Uint8Array {
  const family = endianness() === 'LE' ? [AF_INET, 0] : [0, AF_INET];
  return Uint8Array.from([
    ...family,
    port >>> 8,
    port & 255,
    ...address.split('.').map(Number),
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
  ]);
}

/** A system call that failed; `syscall` and `code` are named as Node names them. */
function callFailed(syscall: string, code: string): Error {
  return Object.assign(new Error(`${syscall} ${code}`), { syscall, code });
}

/** A bound, non-blocking UDP socket that sends and receives on one device only, and how to close it while nobody has adopted it. */
export interface DeviceSocket {
  readonly fd: number;
  close(): void;
}

/**
 * Opens a socket with SO_BINDTODEVICE (socket(7)), which Node's dgram can't ask for. Rejects with NetError when koffi does not
 * load, otherwise with an error that has the `code` and `syscall` of the failed call.
 */
export async function openDeviceSocket(options: UdpBindOptions, device: string): Promise<DeviceSocket> {
  // IFNAMSIZ counts the final NUL; the kernel would cut a longer name, and take an empty one for "any device". socket(7)
  if (!/^[^\0/\s]{1,15}$/.test(device)) throw callFailed('SO_BINDTODEVICE', 'ENODEV');
  const c = await libc(device);
  const fd = c.socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) throw callFailed('socket', c.lastError());
  const check = (syscall: string, result: number): void => {
    if (result >= 0) return;
    const code = c.lastError();
    c.close(fd);
    throw callFailed(syscall, code);
  };
  const on = new Uint8Array(Int32Array.of(1).buffer);
  const set = (name: string, option: number, value: Uint8Array): void =>
    check(name, c.setsockopt(fd, SOL_SOCKET, option, value, value.length));
  set('SO_BINDTODEVICE', SO_BINDTODEVICE, new TextEncoder().encode(`${device}\0`));
  if (options.reuseAddress === true) set('SO_REUSEADDR', SO_REUSEADDR, on);
  if (options.broadcast === true) set('SO_BROADCAST', SO_BROADCAST, on);
  const address = sockaddrIn(options.address, options.port);
  check('bind', c.bind(fd, address, address.length));
  return { fd, close: () => void c.close(fd) };
}
