import { type BurstCalls, type Group, ReadRoom, SendRoom } from './burst-memory.ts';
import { libc } from './libc.ts';
import type { UdpPeer, UdpReceiver } from './udp.ts';
import { mostSegmentBytes, mostSegments } from './udp-segment.ts';

type Send = (data: Uint8Array, to: UdpPeer) => Promise<void>;

/** Reads and sends many datagrams of one socket by one call of the kernel each. */
export interface Bursts {
  /**
   * Hands over what has arrived, as far as one call reads it, and answers how many datagrams that were; each is gone when `receive`
   * returns, which must not throw.
   */
  read(receive: UdpReceiver): number;
  /**
   * Sends once the present step of the event loop has ended, with all else that is sent in it. Datagrams of one length to one address stay in
   * order, others may overtake each other. `data` must not change until then. Rejects as the socket's own way of sending.
   */
  send(data: Uint8Array, to: UdpPeer): Promise<void>;
  /** Leaves the descriptor alone from now on: once it is closed, it may be somebody else's. */
  close(): void;
}

interface Waiting {
  readonly data: Uint8Array;
  readonly to: UdpPeer;
  readonly sent: (outcome?: Promise<void>) => void;
}

interface WaitingGroup extends Group {
  readonly waiting: Waiting[];
}

/**
 * Opens the way for bursts on a non-blocking descriptor; `mayJoin` as UdpBindOptions.bursts `joined`. `send` is the usual way, which takes over what the kernel does not take at once.
 * Undefined where the processor's structures are others than those known here. Rejects as `libc`.
 */
export async function openBursts(
  fd: number,
  mayJoin: boolean,
  send: Send,
  calls?: BurstCalls,
): Promise<Bursts | undefined> {
  const c = calls ?? (await libc('send datagrams together'));
  if (c.pointerBytes !== 8) return undefined;
  const reading = new ReadRoom(c);
  const sending = new SendRoom(c, mayJoin);
  let waiting: Waiting[] = [];
  let isClosed = false;

  function flush(): void {
    const all = waiting;
    waiting = [];
    for (let from = 0; from < all.length; from += mostSegments) {
      const groups = grouped(all.slice(from, from + mostSegments), sending.mayJoin);
      const sent = isClosed ? 0 : sending.send(fd, groups);
      for (const [at, group] of groups.entries())
        for (const one of group.waiting) one.sent(at < sent ? undefined : send(one.data, one.to));
    }
  }

  return {
    read: (receive) => (isClosed ? 0 : reading.read(fd, receive)),
    send: (data, to) =>
      new Promise((sent) => {
        if (waiting.length === 0) queueMicrotask(flush);
        waiting.push({ data, to, sent });
      }),
    close() {
      if (isClosed) return;
      isClosed = true;
      reading.free();
      sending.free();
    },
  };
}

function grouped(waiting: readonly Waiting[], mayJoin: boolean): readonly WaitingGroup[] {
  const groups: WaitingGroup[] = [];
  for (const one of waiting) {
    const { data, to } = one;
    const joined =
      mayJoin && data.length > 0
        ? groups.find(
            (group) =>
              group.size === data.length &&
              group.to.port === to.port &&
              group.to.address === to.address &&
              (group.waiting.length + 1) * group.size <= mostSegmentBytes,
          )
        : undefined;
    if (joined === undefined) groups.push({ to, size: data.length, waiting: [one] });
    else joined.waiting.push(one);
  }
  return groups;
}
