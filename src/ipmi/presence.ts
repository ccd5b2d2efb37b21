import { WireError } from '../base/bytes.ts';
import { delay } from '../base/clock.ts';
import type { Ipv4 } from '../base/ipv4.ts';
import type { IpmiDeps } from './types.ts';
import { decodeAsf, encodeAsf, type PresencePong } from './wire/asf.ts';
import { decodeRmcp, encodeRmcp, rmcpClass } from './wire/rmcp.ts';

/** How to ask. */
export interface PresenceOptions {
  /** Default 623. */
  readonly port?: number;
  /** Times that each address is asked. Default 2, as datagrams get lost. */
  readonly sends?: number;
  /** After each round of questions. Default 1000. */
  readonly waitMs?: number;
}

const anyAddress = '0.0.0.0' as Ipv4;
/** No RMCP acknowledge is wanted; as a tag it would mean that no pong is. IPMI 2.0 §13.1.3, §13.2.3 */
const none = 0xff;
/** Pings of one burst, and the pause behind it: a /24 is asked within 0.2 s without flooding a management switch. */
const burst = 32;
const burstPauseMs = 20;

/**
 * Asks addresses whether there is a machine with a BMC (RMCP/ASF Presence Ping), all over one socket, and answers the pongs by address.
 * Nobody has to prove anything to send a pong. Addresses that cannot be reached are left out. IPMI 2.0 §13.2.3, §13.2.4
 */
export async function pingPresence(
  addresses: readonly string[],
  deps: Pick<IpmiDeps, 'openUdp' | 'clock' | 'random'>,
  options: PresenceOptions = {},
): Promise<ReadonlyMap<string, PresencePong>> {
  const { port = 623, sends = 2, waitMs = 1000 } = options;
  const { clock, openUdp, random } = deps;
  const tag = (random(1)[0] ?? 0) % none;
  const asked = new Set(addresses);
  const pongs = new Map<string, PresencePong>();
  const socket = await openUdp({ address: anyAddress, port: 0 }, (datagram, from) => {
    if (from.port !== port || !asked.has(from.address)) return;
    const pong = pongOf(datagram);
    if (pong?.tag === tag) pongs.set(from.address, pong);
  });
  const ping = encodeRmcp({
    sequence: none,
    messageClass: rmcpClass.asf,
    isAck: false,
    body: encodeAsf({ kind: 'ping', tag }),
  });
  try {
    for (let round = 0; round < sends && pongs.size < asked.size; round++) {
      const silent = [...asked].filter((address) => !pongs.has(address));
      for (let at = 0; at < silent.length; at += burst) {
        if (at > 0) await delay(clock, burstPauseMs);
        const batch = silent.slice(at, at + burst);
        await Promise.all(
          batch.map((address) => socket.send(ping, { address, port }).catch(() => undefined)),
        );
      }
      await delay(clock, waitMs);
    }
  } finally {
    await socket.close();
  }
  return pongs;
}

function pongOf(datagram: Uint8Array): PresencePong | undefined {
  try {
    const rmcp = decodeRmcp(datagram);
    if (rmcp.messageClass !== rmcpClass.asf || rmcp.isAck) return undefined;
    const message = decodeAsf(rmcp.body);
    return message?.kind === 'pong' ? message : undefined;
  } catch (error) {
    if (error instanceof WireError) return undefined;
    throw error;
  }
}
