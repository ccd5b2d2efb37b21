/** What a SEL time stamp says. IPMI 2.0 §37 */
export type SelTime =
  /** Seconds since 1970 of the BMC's clock, which may be wrong. */
  | { readonly kind: 'clock'; readonly seconds: number }
  /** Seconds since the BMC started: its clock was not set yet. */
  | { readonly kind: 'since-start'; readonly seconds: number }
  | { readonly kind: 'unspecified' };

const endOfSinceStart = 0x2000_0000;
const unspecified = 0xffff_ffff;

/** Meaning of the four bytes of a time stamp. IPMI 2.0 §37.1 */
export function selTimeOf(stamp: number): SelTime {
  if (stamp === unspecified) return { kind: 'unspecified' };
  return { kind: stamp <= endOfSinceStart ? 'since-start' : 'clock', seconds: stamp };
}
