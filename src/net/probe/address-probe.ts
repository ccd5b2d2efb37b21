import type { Clock } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type { Ipv4 } from '../../base/ipv4.ts';
import type { Logger } from '../../base/log.ts';
import type { Mac } from '../../base/mac.ts';
import type { RandomBytes } from '../../base/random.ts';
import { openInterfaceLook } from '../interface-state.ts';
import { openArpAsker } from './arp-asker.ts';
import { openPingAsker } from './ping-asker.ts';
import type { PolledAsker } from './polled-asker.ts';

/** Finds out whether somebody has an address already. */
export interface AddressProbe {
  /**
   * True when a host answers for the address: by ARP on the segment, by ICMP echo where it is behind a relay. Within 500 ms, and never
   * rejects: false also when nobody can be asked.
   */
  inUse(ip: Ipv4, where: { readonly relayed: boolean }): Promise<boolean>;
  /** The hardware address that answers for an address of the segment; undefined when none does. Never rejects. */
  whoHas(ip: Ipv4): Promise<Mac | undefined>;
  close(): void;
}

/**
 * Opens a probe on one interface. What may not be opened (no CAP_NET_RAW), or makes no sense there (an interface without ARP), is logged
 * and answers "nobody has it".
 */
export async function createAddressProbe(
  device: string,
  deps: { readonly clock: Clock; readonly random: RandomBytes; readonly log: Logger },
): Promise<AddressProbe> {
  const { clock, random, log } = deps;
  const attempt = async <T>(open: Promise<T>, what: string): Promise<T | undefined> => {
    try {
      return await open;
    } catch (error) {
      log.warn({ device, reason: messageOf(error) }, `${what} is not looked for before an address is given`);
      return undefined;
    }
  };
  const openArp = async (): Promise<PolledAsker<Mac> | undefined> => {
    const state = (await openInterfaceLook())(device);
    if (state?.mac === undefined) return undefined;
    return openArpAsker({ device, index: state.index, mac: state.mac }, clock);
  };
  const arp = await attempt(openArp(), 'another user of the segment');
  const ping = await attempt(openPingAsker(clock, random), 'another user behind a relay');
  return {
    async inUse(ip, { relayed }) {
      const answer = relayed ? await ping?.ask(ip) : await arp?.ask(ip);
      return answer !== undefined;
    },
    whoHas: async (ip) => arp?.ask(ip),
    close() {
      arp?.close();
      ping?.close();
    },
  };
}
