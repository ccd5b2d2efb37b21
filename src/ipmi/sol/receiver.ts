import type { SolFromBmc } from './wire/sol-payload.ts';

/** The direction from the BMC. */
export interface Receiver {
  /** The last numbered packet that was taken; undefined before the first one. */
  readonly last: { readonly sequence: number; readonly data: Uint8Array; readonly at: number } | undefined;
}

export const freshReceiver: Receiver = { last: undefined };

/** What a packet of the BMC is. */
export interface Receipt {
  /** Its characters and notices have not been seen before. */
  readonly isNew: boolean;
  /** Packets before it never came: the BMC gave them up, or it counts anew. */
  readonly gap: boolean;
  /** To be sent at once; a packet with number 0 is not acknowledged. */
  readonly ack: { readonly sequence: number; readonly accepted: number } | undefined;
}

/**
 * A copy that the network delayed can be older than the last packet; after so long it is none, but a board that counts anew. Far above
 * the time that a datagram lives in a management network.
 */
const staleMs = 5000;
/** Numbers go round from 1 to 15; up to so many ahead is newer, more is older. */
const aheadAtMost = 7;

/**
 * Tells new packets from copies by their number. A copy is acknowledged with what was taken at first, also where it has more characters (a BMC
 * may put new ones behind a repetition; it sends them again as the rest of a packet that was taken in part) or fewer (it is the older of the
 * two): whichever acknowledgement comes first, the BMC goes on at the same place. IPMI 2.0 §15.11
 */
export function receive(
  receiver: Receiver,
  packet: Pick<SolFromBmc, 'sequence' | 'data'>,
  now: number,
): readonly [Receiver, Receipt] {
  const { sequence, data } = packet;
  if (sequence === 0) return [receiver, { isNew: true, gap: false, ack: undefined }];
  const taken: Receiver = { last: { sequence, data, at: now } };
  const ack = { sequence, accepted: data.length };
  const { last } = receiver;
  if (last === undefined) return [taken, { isNew: true, gap: false, ack }];
  const ahead = (sequence - last.sequence + 15) % 15;
  if (ahead === 0 && isCopy(last.data, data)) {
    return [receiver, { isNew: false, gap: false, ack: { sequence, accepted: last.data.length } }];
  }
  if (ahead > aheadAtMost && now - last.at < staleMs)
    return [receiver, { isNew: false, gap: false, ack: undefined }];
  return [taken, { isNew: true, gap: ahead !== 1, ack }];
}

/** True when both begin alike: a repetition may have grown, other characters under the same number are new ones. */
function isCopy(known: Uint8Array, data: Uint8Array): boolean {
  const length = Math.min(known.length, data.length);
  return known.subarray(0, length).every((byte, at) => byte === data.at(at));
}
