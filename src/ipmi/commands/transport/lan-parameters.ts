import { ByteReader } from '../../../base/bytes.ts';

/** LAN parameters in use. IPMI 2.0 §23.2, table 23-4 */
export const lanParameter = {
  ipAddress: 3,
  ipSource: 4,
  macAddress: 5,
  subnetMask: 6,
  gatewayAddress: 12,
  gatewayMac: 13,
  vlanId: 20,
  vlanPriority: 21,
  cipherSuiteCount: 22,
  cipherSuiteIds: 23,
  cipherSuitePrivileges: 24,
} as const;

const sources = ['unspecified', 'static', 'dhcp', 'bios', 'other'] as const;

/** Where the address comes from, parameter 4. IPMI 2.0 §23.2 */
export type IpSource = (typeof sources)[number];

/** Reads parameter 4. */
export const decodeIpSource = (value: Uint8Array): IpSource =>
  sources[new ByteReader(value).u8('lan.ipSource') & 0x0f] ?? 'other';

/** Reads parameter 20: the VLAN id, 12 bits; undefined where no VLAN is used. IPMI 2.0 §23.2 */
export function decodeVlanId(value: Uint8Array): number | undefined {
  const word = new ByteReader(value).u16le('lan.vlanId');
  return (word & 0x8000) === 0 ? undefined : word & 0x0fff;
}

/**
 * Reads parameters 22, 23 and 24 together: cipher suites and the highest privilege level (4 bits, 0 unspecified, 5 OEM) of each; levels
 * that the BMC does not tell are undefined. IPMI 2.0 §23.2
 */
export function decodeCipherSuites(
  count: Uint8Array,
  ids: Uint8Array,
  privileges: Uint8Array | undefined,
): ReadonlyArray<{ readonly id: number; readonly privilege: number | undefined }> {
  const entries = Math.min(new ByteReader(count).u8('lan.cipherSuiteCount') & 0x1f, 16);
  const r = new ByteReader(ids);
  r.skip(1, 'lan.cipherSuiteIds');
  const list = r.bytes(Math.min(entries, r.remaining), 'lan.cipherSuiteIds');
  return Array.from(list, (id, at) => {
    // One reserved byte, then two levels a byte, the first one in the low bits.
    const pair = privileges?.at(1 + (at >> 1));
    return { id, privilege: pair === undefined ? undefined : (pair >> (at % 2 === 0 ? 0 : 4)) & 0x0f };
  });
}
