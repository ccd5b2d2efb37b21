import { type Libc, libc } from './libc.ts';
import { sockaddrIn } from './sockaddr.ts';
import type { UdpPeer } from './udp.ts';
import {
  MSG_DONTWAIT,
  mostSegmentBytes,
  mostSegments,
  SOL_UDP,
  UDP_SEGMENT,
  unfitCodes,
} from './udp-segment.ts';

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
 * processor time of a call each. `fd` is the non-blocking descriptor behind `send`, which sends one datagram. The option holds for all that
 * a socket sends, so that it is on only within one step of the event loop: nothing else is cut by it. Where the kernel or the way to the peer
 * can't, it falls back to a call a datagram, for good. Rejects as `libc`.
 */
export async function createPartSender(
  fd: number,
  send: Send,
  calls?: Pick<Libc, 'setsockopt' | 'sendto' | 'lastError'>,
): Promise<PartSender> {
  const c = calls ?? (await libc('send datagrams together'));
  let isUnfit = false;
  let isClosed = false;
  /** Datagrams that wait in `send`; what is sent past them would arrive before them. */
  let waiting = 0;

  /** Of the last call: a transfer has one peer. */
  let peer: { readonly to: UdpPeer; readonly address: Uint8Array } | undefined;

  const addressOf = (to: UdpPeer): Uint8Array => {
    if (peer?.to.address !== to.address || peer.to.port !== to.port)
      peer = { to, address: sockaddrIn(to.address, to.port) };
    return peer.address;
  };

  const setSize = (size: number): boolean => {
    const value = new Uint8Array(Int32Array.of(size).buffer);
    return c.setsockopt(fd, SOL_UDP, UDP_SEGMENT, value, value.length) === 0;
  };

  const sendEach = async (data: Uint8Array, size: number, to: UdpPeer): Promise<void> => {
    waiting++;
    try {
      await Promise.all(pieces(data, size).map((piece) => send(piece, to)));
    } finally {
      waiting--;
    }
  };

  /** Sends as much as the socket takes at once; answers how many bytes that were. */
  function sendTogether(data: Uint8Array, size: number, to: UdpPeer): number {
    if (isClosed || isUnfit || waiting > 0 || size > mostSegmentBytes / 2) return 0;
    if (!setSize(size)) {
      isUnfit = true;
      return 0;
    }
    const address = addressOf(to);
    const most = Math.min(mostSegments, Math.floor(mostSegmentBytes / size)) * size;
    let sent = 0;
    for (const piece of pieces(data, most)) {
      if (c.sendto(fd, piece, piece.length, MSG_DONTWAIT, address, address.length) < 0) {
        isUnfit = unfitCodes.has(c.lastError());
        break;
      }
      sent += piece.length;
    }
    setSize(0);
    return sent;
  }

  return {
    async send(data, size, to) {
      if (data.length <= size) return send(data, to);
      const sent = sendTogether(data, size, to);
      if (sent < data.length) await sendEach(data.subarray(sent), size, to);
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
