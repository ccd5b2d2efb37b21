// Datagrams that are handed to the kernel as one, which it cuts apart as late as it can: UDP_SEGMENT, udp(7). linux/udp.h, linux/in.h

export const SOL_UDP = 17;
export const UDP_SEGMENT = 103;
/** How many one call takes: UDP_MAX_SEGMENTS of older kernels. */
export const mostSegments = 64;
/** How many bytes: the largest UDP datagram over IPv4. */
export const mostSegmentBytes = 65_507;

/** The kernel, the interface or the way to the peer can't cut; all else passes, as a full socket or a firewall's refusal. */
export const unfitCodes: ReadonlySet<string> = new Set(['EIO', 'EINVAL', 'EMSGSIZE', 'EOPNOTSUPP']);

/** Of send(2) and recv(2), beside it: linux/socket.h */
export const MSG_DONTWAIT = 0x40;
