import type { Ipv4 } from '../../base/ipv4.ts';

export interface TftpServerOptions {
  /** Address that requests come to and that all answers leave from. */
  readonly address: Ipv4;
  /** Default 69 (IANA); 0 lets the kernel choose. */
  readonly port?: number;
  /** Network interface to bind all sockets to. */
  readonly device?: string;
  /**
   * All transfers are answered from the port that requests come to, for firewalls that let nothing else through and NAT that drops
   * answers from elsewhere. Default false: RFC 1350 §4 wants answers from another port, and some ROMs insist.
   */
  readonly singlePort?: boolean;
  /** Transfers at a time. Default 1000, whose ACKs fit the receive buffers of the ports that they share. */
  readonly maxTransfers?: number;
  /** Transfers of one client at a time, so that none takes all places. Default 16. */
  readonly maxTransfersPerClient?: number;
  /** Bytes of the largest IP packet to the clients. Default 1500; more needs every switch and NIC on the way to agree. */
  readonly mtu?: number;
  /** Largest block in bytes, 8 to 65464. Default: the most that fits the MTU without IP fragments, which ROMs lose. */
  readonly maxBlockSize?: number;
  /** Most blocks in flight (RFC 7440), 1 to 1024. Default 64, which fits the usual receive buffer of a socket (208 KiB). */
  readonly maxWindowSize?: number;
}

/** IPv4, UDP and TFTP headers in front of a block. */
const headerBytes = 20 + 8 + 4;

/** The options with their defaults; block size and window kept within the bounds of the standards. */
export function limitsOf(options: TftpServerOptions) {
  const {
    mtu = 1500,
    port = 69,
    singlePort = false,
    maxTransfers = 1000,
    maxTransfersPerClient = 16,
  } = options;
  return {
    address: options.address,
    port,
    device: options.device,
    singlePort,
    maxTransfers,
    maxTransfersPerClient,
    maxBlockSize: between(8, options.maxBlockSize ?? mtu - headerBytes, 65464),
    maxWindowSize: between(1, options.maxWindowSize ?? 64, 1024),
  };
}

function between(least: number, value: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}
