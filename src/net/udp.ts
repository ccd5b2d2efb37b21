import type { Ipv4 } from '../base/ipv4.ts';

/** Where a datagram came from or goes to. */
export interface UdpPeer {
  readonly address: string;
  readonly port: number;
}

/** One bound UDP/IPv4 socket. `close` may be called twice; `send` after close rejects. */
export interface UdpSocket {
  readonly local: UdpPeer;
  send(data: Uint8Array, to: UdpPeer): Promise<void>;
  /** Sends `data` as datagrams of `size` bytes, the last one shorter, in few calls of the kernel; see UdpBindOptions.parts. */
  sendParts?(data: Uint8Array, size: number, to: UdpPeer): Promise<void>;
  close(): Promise<void>;
}

/** Receiver of a socket's datagrams; must not throw (the adapter logs and goes on if it does). */
export type UdpReceiver = (data: Uint8Array, from: UdpPeer) => void;

/** How to bind. `device` binds to one network interface (SO_BINDTODEVICE). */
export interface UdpBindOptions {
  readonly address: Ipv4;
  /** 0 lets the kernel choose. */
  readonly port: number;
  readonly device?: string;
  readonly broadcast?: boolean;
  readonly reuseAddress?: boolean;
  /** Wants `sendParts`; a system that has no such thing gives a socket without it. */
  readonly parts?: boolean;
  /**
   * For a socket that many ask at a time: what has arrived is read by few calls of the kernel, and what is sent within one step of the event loop
   * leaves by few, not always in the order of the calls. A datagram is the receiver's only until it returns. `joined`: datagrams of one
   * length to one address go as one as far as the kernel takes them, and are cut apart late; a packet socket (packet(7)) on a virtual cable sees
   * them uncut, so that this is nothing for DHCP, whose clients have such sockets. A system that has no such thing gives a usual socket.
   */
  readonly bursts?: 'apart' | 'joined';
}

/** Opens UDP sockets; the one real adapter is `net/dgram.ts`. Rejects with NetError when the port or the device can't be had. */
export type OpenUdp = (options: UdpBindOptions, receive: UdpReceiver) => Promise<UdpSocket>;
