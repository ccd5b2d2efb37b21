import { WireError } from '../../base/bytes.ts';
import type { Clock } from '../../base/clock.ts';
import { type Mac, macToBytes } from '../../base/mac.ts';
import { AF_PACKET, SOCK_DGRAM, sockaddrLl } from '../sockaddr.ts';
import { createPolledAsker, type PolledAsker } from './polled-asker.ts';
import { openRawSocket } from './raw-socket.ts';
import { decodeArpSender, encodeArpProbe } from './wire/arp.ts';

/** linux/if_ether.h */
const ETH_P_ARP = 0x0806;
const everybody = Uint8Array.of(255, 255, 255, 255, 255, 255);

/**
 * Asks a segment who has an address, by ARP probes on a packet socket; the answer is the hardware address. Two probes in 250 ms: a host on
 * a switch answers in a few ms, and the second one is for a lost packet. Rejects with NetError.
 */
export async function openArpAsker(
  on: { readonly device: string; readonly index: number; readonly mac: Mac },
  clock: Clock,
): Promise<PolledAsker<Mac>> {
  const socket = await openRawSocket({
    domain: AF_PACKET,
    type: SOCK_DGRAM,
    // No packets before it is bound: they would be those of all interfaces.
    protocol: 0,
    bindTo: sockaddrLl(ETH_P_ARP, on.index, macToBytes(on.mac)),
    purpose: `send ARP probes on ${on.device}`,
  });
  const to = sockaddrLl(ETH_P_ARP, on.index, everybody);
  return createPolledAsker(
    {
      socket,
      ask: (ip) => void socket.send(encodeArpProbe(on.mac, ip), to),
      read: (packet) => {
        const sender = readOrNothing(() => decodeArpSender(packet));
        return sender && { ip: sender.ip, answer: sender.mac };
      },
      repeatAtMs: [100],
      giveUpAfterMs: 250,
      mostOpen: 1024,
    },
    clock,
  );
}

/** A malformed packet of somebody on the segment is no answer. */
export function readOrNothing<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof WireError) return undefined;
    throw error;
  }
}
