import { toHex } from '../../../../base/bytes.ts';
import type { Ipv4 } from '../../../../base/ipv4.ts';
import { decodeOptions } from '../option-area.ts';
import { decodeAddress } from './address.ts';

/** Sub-options of option 82, by the IANA registry "DHCP Relay Agent Sub-Option Codes". */
const sub = { circuitId: 1, remoteId: 2, linkSelection: 5, serverIdOverride: 11 } as const;

/** What a relay tells of a client. Undefined where it says nothing. */
export interface RelayInfo {
  /** Hex: the port that the client is plugged into, in the relay's own words. RFC 3046 §3.1 */
  readonly circuitId: string | undefined;
  /** Hex: which relay, or which modem. RFC 3046 §3.2 */
  readonly remoteId: string | undefined;
  /** An address of the client's subnet, where giaddr is none. RFC 3527 §2 */
  readonly linkSelection: Ipv4 | undefined;
  /** What clients shall take for the server, so that renewals pass through the relay too. RFC 5107 §4 */
  readonly serverIdOverride: Ipv4 | undefined;
}

/** Option 82 of a request. Throws WireError when it does not hold sub-options. */
export function decodeRelayInfo(value: Uint8Array): RelayInfo {
  const found = decodeOptions([value]);
  const hex = (one: number): string | undefined => {
    const bytes = found.get(one);
    return bytes && toHex(bytes);
  };
  const address = (one: number): Ipv4 | undefined => {
    const bytes = found.get(one);
    return bytes && decodeAddress(bytes, `dhcp.options.82.${one}`);
  };
  return {
    circuitId: hex(sub.circuitId),
    remoteId: hex(sub.remoteId),
    linkSelection: address(sub.linkSelection),
    serverIdOverride: address(sub.serverIdOverride),
  };
}
