import { libc } from './libc.ts';
import type { UdpPeer } from './udp.ts';

// linux/udp.h, linux/in.h
const SOL_UDP = 17;
const UDP_SEGMENT = 103;
/** What one call takes: UDP_MAX_SEGMENTS of older kernels, and the largest UDP datagram over IPv4. */
const mostParts = 64;
const mostBytes = 65_507;

type Send = (data: Uint8Array, to: UdpPeer) => Promise<void>;

/** Sends many datagrams at a time. */
export interface PartSender {
  /** As UdpSocket.sendParts. */
  send(data: Uint8Array, size: number, to: UdpPeer): Promise<void>;
  /** Leaves the descriptor alone from now on: once it is closed, it may be somebody else's. */
  close(): void;
}

/**
 * Sends many datagrams by one call of the kernel, which cuts them apart as late as it can (UDP_SEGMENT, udp(7)); it costs half the
 * processor time of a call each. `fd` is the descriptor behind `send`. Where the kernel or the
 * way to the peer can't, it falls back to a call a datagram, for good. Rejects as `libc`.
 */
export async function createPartSender(fd: number, send: Send): Promise<PartSender> {
  const c = await libc('send datagrams together');
  let sizeNow = 0;
  let isUnfit = false;
  let isClosed = false;

  const setSize = (size: number): boolean => {
    if (isClosed) return false;
    if (size === sizeNow) return true;
    const value = new Uint8Array(Int32Array.of(size).buffer);
    if (c.setsockopt(fd, SOL_UDP, UDP_SEGMENT, value, value.length) < 0) return false;
    sizeNow = size;
    return true;
  };

  const sendEach = async (data: Uint8Array, size: number, to: UdpPeer): Promise<void> => {
    await Promise.all(pieces(data, size).map((piece) => send(piece, to)));
  };

  const sendTogether = (data: Uint8Array, size: number, to: UdpPeer): Promise<void> =>
    send(data, to).catch(() => {
      // EIO: a network card without checksums of its own; EINVAL, EMSGSIZE: parts that do not fit the way.
      isUnfit = true;
      setSize(0);
      return sendEach(data, size, to);
    });

  return {
    async send(data, size, to) {
      if (data.length <= size) return send(data, to);
      if (isUnfit || size > mostBytes / 2 || !setSize(size)) return sendEach(data, size, to);
      const most = Math.min(mostParts, Math.floor(mostBytes / size)) * size;
      await Promise.all(pieces(data, most).map((piece) => sendTogether(piece, size, to)));
    },
    close() {
      isClosed = true;
    },
  };
}

function pieces(data: Uint8Array, size: number): readonly Uint8Array[] {
  return Array.from({ length: Math.ceil(data.length / size) }, (_, n) =>
    data.subarray(n * size, (n + 1) * size),
  );
}
