import { ByteReader } from '../../base/bytes.ts';
import type { Clock } from '../../base/clock.ts';
import type { RandomBytes } from '../../base/random.ts';
import { AF_INET, SOCK_RAW, sockaddrIn, u32bytes } from '../sockaddr.ts';
import { readOrNothing } from './arp-asker.ts';
import { createPolledAsker, type PolledAsker } from './polled-asker.ts';
import { openRawSocket } from './raw-socket.ts';
import { decodeEchoReply, encodeEcho } from './wire/icmp-echo.ts';

const IPPROTO_ICMP = 1;
const SOL_RAW = 255;
/** linux/icmp.h; a set bit keeps that type out. raw(7) */
const ICMP_FILTER = 1;
const onlyEchoReplies = 0xfffffffe;

/**
 * Asks an address behind a relay by ICMP echo; the answer is true. 450 ms, as long as a DHCP client may be held up for it. Rejects with
 * NetError.
 */
export async function openPingAsker(clock: Clock, random: RandomBytes): Promise<PolledAsker<true>> {
  const socket = await openRawSocket({
    domain: AF_INET,
    type: SOCK_RAW,
    protocol: IPPROTO_ICMP,
    bindTo: undefined,
    options: [{ level: SOL_RAW, name: ICMP_FILTER, value: u32bytes(onlyEchoReplies) }],
    purpose: 'send ICMP echo requests',
  });
  // A raw socket sees the answers to everybody's pings.
  const id = new ByteReader(random(2)).u16be('random');
  let sequence = 0;
  return createPolledAsker(
    {
      socket,
      ask(ip) {
        sequence = (sequence + 1) & 0xffff;
        socket.send(encodeEcho(id, sequence), sockaddrIn(ip, 0));
      },
      read: (packet) => {
        const reply = readOrNothing(() => decodeEchoReply(packet));
        return reply?.id === id ? { ip: reply.from, answer: true } : undefined;
      },
      repeatAtMs: [200],
      giveUpAfterMs: 450,
      mostOpen: 1024,
    },
    clock,
  );
}
