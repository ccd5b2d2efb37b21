import { messageOf } from '../base/errors.ts';
import { NetError } from './errors.ts';

/** The calls of the C library that Node has no way to make. Results below 0 are failures that `lastError` names. */
export interface Libc {
  readonly socket: (domain: number, type: number, protocol: number) => number;
  readonly setsockopt: (fd: number, level: number, name: number, value: Uint8Array, length: number) => number;
  readonly bind: (fd: number, address: Uint8Array, length: number) => number;
  readonly sendto: (
    fd: number,
    data: Uint8Array,
    length: number,
    flags: number,
    to: Uint8Array,
    toLength: number,
  ) => number;
  /** Datagrams that were sent. `vector` is the address of `length` struct mmsghdr. */
  readonly sendmmsg: (fd: number, vector: number, length: number, flags: number) => number;
  /** Datagrams that were received into what `vector` points at. */
  readonly recvmmsg: (fd: number, vector: number, length: number, flags: number, timeout: null) => number;
  /** Fills `into` from its start. */
  readonly recv: (fd: number, into: Uint8Array, length: number, flags: number) => number;
  /** Reads and writes `argument`. */
  readonly ioctl: (fd: number, request: number, argument: Uint8Array) => number;
  readonly close: (fd: number) => number;
  /** Bytes that never move, for calls that follow addresses in what they are given; all zero. */
  readonly allocate: (bytes: number) => NativeBytes;
  /** Bytes of an address. */
  readonly pointerBytes: number;
  /** Symbolic name of the last failure, e.g. `ENODEV`. */
  readonly lastError: () => string;
}

/** Memory outside V8's heap. */
export interface NativeBytes {
  readonly bytes: Uint8Array;
  readonly address: number;
  /** Only when nothing looks at `bytes` any more. */
  free(): void;
}

let loading: Promise<Libc> | undefined;

async function load(): Promise<Libc> {
  const koffi = (await import('koffi')).default;
  // The process itself is linked with its libc, whichever one that is (glibc, musl).
  const lib = koffi.load(null);
  const names = new Map(Object.entries(koffi.os.errno).map(([name, code]) => [code, name]));
  return {
    socket: lib.func('int socket(int domain, int type, int protocol)'),
    setsockopt: lib.func('int setsockopt(int fd, int level, int name, const void *value, uint32_t length)'),
    bind: lib.func('int bind(int fd, const void *address, uint32_t length)'),
    sendto: lib.func(
      'int sendto(int fd, const void *data, size_t length, int flags, const void *to, uint32_t toLength)',
    ),
    sendmmsg: lib.func('int sendmmsg(int fd, uintptr_t vector, unsigned int length, int flags)'),
    recvmmsg: lib.func(
      'int recvmmsg(int fd, uintptr_t vector, unsigned int length, int flags, void *timeout)',
    ),
    recv: lib.func('int recv(int fd, void *into, size_t length, int flags)'),
    // Not as the variadic function it is: on Linux both are called alike, for x86-64 and arm64.
    ioctl: lib.func('int ioctl(int fd, unsigned long request, void *argument)'),
    close: lib.func('int close(int fd)'),
    allocate(bytes) {
      const pointer: unknown = koffi.alloc('uint8_t', bytes);
      return {
        bytes: new Uint8Array(koffi.view(pointer, bytes)),
        address: Number(koffi.address(pointer)),
        free: () => koffi.free(pointer),
      };
    },
    pointerBytes: koffi.sizeof('void *'),
    lastError: () => names.get(koffi.errno()) ?? `errno ${koffi.errno()}`,
  };
}

/** The C library of this process; `purpose` completes "can't ...". Rejects with NetError `io` where koffi does not load. */
export function libc(purpose: string): Promise<Libc> {
  loading ??= load();
  return loading.catch((cause: unknown) => {
    loading = undefined;
    throw new NetError(
      'io',
      `can't ${purpose}: the package koffi does not load on this system (${messageOf(cause)}); ` +
        'run `npm rebuild koffi`, or reinstall it for this processor and C library',
      { data: { purpose }, cause },
    );
  });
}

/** A system call that failed; `syscall` and `code` are named as Node names them. */
export function callFailed(syscall: string, code: string): Error {
  return Object.assign(new Error(`${syscall} ${code}`), { syscall, code });
}
