import { callFailed, libc } from './libc.ts';
import { AF_INET, SOCK_CLOEXEC, SOCK_DGRAM, SOCK_NONBLOCK, sockaddrIn } from './sockaddr.ts';
import type { UdpBindOptions } from './udp.ts';

// asm-generic/socket.h
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const SO_BROADCAST = 6;
const SO_BINDTODEVICE = 25;

/** A bound, non-blocking UDP socket, and how to close it while nobody has adopted it. */
export interface DeviceSocket {
  readonly fd: number;
  close(): void;
}

/**
 * Opens a socket whose descriptor is known, with SO_BINDTODEVICE (socket(7)) where a device is named, which Node's dgram can't ask for. Rejects with NetError when koffi does not
 * load, otherwise with an error that has the `code` and `syscall` of the failed call.
 */
export async function openDeviceSocket(
  options: UdpBindOptions,
  device: string | undefined,
): Promise<DeviceSocket> {
  // IFNAMSIZ counts the final NUL; the kernel would cut a longer name, and take an empty one for "any device". socket(7)
  if (device !== undefined && !/^[^\0/\s]{1,15}$/.test(device)) throw callFailed('SO_BINDTODEVICE', 'ENODEV');
  const c = await libc(`bind a socket to ${device ?? options.address}`);
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
  if (device !== undefined) set('SO_BINDTODEVICE', SO_BINDTODEVICE, new TextEncoder().encode(`${device}\0`));
  if (options.reuseAddress === true) set('SO_REUSEADDR', SO_REUSEADDR, on);
  if (options.broadcast === true) set('SO_BROADCAST', SO_BROADCAST, on);
  const address = sockaddrIn(options.address, options.port);
  check('bind', c.bind(fd, address, address.length));
  return { fd, close: () => void c.close(fd) };
}
