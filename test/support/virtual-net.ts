import { type Clock, delay } from '../../src/base/clock.ts';
import type { OpenUdp, UdpPeer, UdpReceiver } from '../../src/net/udp.ts';

/** Time that passes only when everything waits for it. */
export interface VirtualTime {
  readonly clock: Clock;
  /** Lets time pass until `work` is settled; fails when nothing is left that could settle it. */
  settle<T>(work: Promise<T>): Promise<T>;
  /** Lets `ms` pass. */
  pass(ms: number): Promise<void>;
}

/** A clock whose hours pass in no time, for tests of time-outs. */
export function virtualTime(): VirtualTime {
  let now = 1_700_000_000_000;
  let timers: Array<{ readonly at: number; readonly run: () => void }> = [];
  const time: VirtualTime = {
    pass: (ms) => time.settle(delay(time.clock, ms)),
    clock: {
      now: () => now,
      after(ms, run) {
        const timer = { at: now + ms, run };
        timers.push(timer);
        return () => {
          timers = timers.filter((one) => one !== timer);
        };
      },
    },
    async settle(work) {
      const state = { done: false };
      const end = (): void => void (state.done = true);
      work.then(end, end);
      for (;;) {
        await new Promise((resolve) => setImmediate(resolve));
        if (state.done) return work;
        const next = timers.toSorted((a, b) => a.at - b.at)[0];
        if (!next) throw new Error('waits for ever: no timer is left');
        timers = timers.filter((one) => one !== next);
        now = next.at;
        next.run();
      }
    },
  };
  return time;
}

/** A peer behind a virtual wire: gets a datagram, answers with datagrams. */
export interface VirtualPeer {
  readonly at: UdpPeer;
  readonly handle: (datagram: Uint8Array) => readonly Uint8Array[];
  /** Delays in milliseconds for each datagram on the wire, none for a lost one; see faultsOf. */
  readonly wire: (datagram: Uint8Array) => readonly number[];
}

/** UDP to one peer over virtual time. `sockets` counts the open ones. */
export function virtualUdp(time: VirtualTime, peer: VirtualPeer): { open: OpenUdp; sockets: () => number } {
  let sockets = 0;
  const carry = (datagram: Uint8Array, arrive: (datagram: Uint8Array) => void): void => {
    for (const ms of peer.wire(datagram)) time.clock.after(ms, () => arrive(datagram));
  };
  const open: OpenUdp = async (_options, receive: UdpReceiver) => {
    let closed = false;
    sockets++;
    return {
      local: { address: '127.0.0.1', port: 40_000 },
      async send(data, to) {
        if (closed) throw new Error('the socket is closed');
        if (to.address !== peer.at.address || to.port !== peer.at.port) return;
        carry(data, (datagram) => {
          for (const answer of peer.handle(datagram)) carry(answer, (one) => closed || receive(one, peer.at));
        });
      },
      async close() {
        if (!closed) sockets--;
        closed = true;
      },
    };
  };
  return { open, sockets: () => sockets };
}
