import { ByteWriter } from '../base/bytes.ts';
import type { Ipv4 } from '../base/ipv4.ts';
import { type Mac, macToBytes } from '../base/mac.ts';
import { libc } from './libc.ts';
import { AF_INET, SOCK_CLOEXEC, SOCK_DGRAM, sockaddrHardware, sockaddrIn, u32host } from './sockaddr.ts';

const SIOCSARP = 0x8955;
/** The entry is complete. Not permanent: it ages as if it had been learned. linux/if_arp.h */
const ATF_COM = 2;
const DEVICE_LENGTH = 16;

/** The kernel's ARP table of one interface. */
export interface NeighbourTable {
  /**
   * Tells the kernel which hardware address an IPv4 address has, so that a unicast to it leaves without an ARP request that a client
   * without address cannot answer. False when it may not (no CAP_NET_ADMIN) or cannot (no such interface or subnet).
   */
  teach(ip: Ipv4, mac: Mac): boolean;
  close(): void;
}

/** Opens the table of `device`. Rejects with NetError `io` where koffi does not load. */
export async function openNeighbourTable(device: string): Promise<NeighbourTable> {
  const c = await libc('write the ARP table');
  const name = new TextEncoder().encode(device);
  const fd = name.length < DEVICE_LENGTH ? c.socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0) : -1;
  let isOpen = fd >= 0;
  return {
    teach(ip, mac) {
      if (!isOpen) return false;
      // struct arpreq of arp(7): protocol address, hardware address, flags, netmask, device.
      const arpreq = new ByteWriter(68).bytes(sockaddrIn(ip, 0)).bytes(sockaddrHardware(macToBytes(mac)));
      u32host(arpreq, ATF_COM)
        .fill(16)
        .bytes(name)
        .fill(DEVICE_LENGTH - name.length);
      return c.ioctl(fd, SIOCSARP, arpreq.done()) >= 0;
    },
    close() {
      if (isOpen) c.close(fd);
      isOpen = false;
    },
  };
}
