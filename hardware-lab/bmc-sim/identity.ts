import { ByteWriter } from '../../src/base/bytes.ts';
import { type Ipv4, ipv4ToNumber } from '../../src/base/ipv4.ts';

/** GUID, serial number and seed made of a BMC's address: the same in every run. */
export function identityOf(address: Ipv4): {
  readonly address: string;
  readonly guid: Uint8Array;
  readonly serial: string;
  readonly seed: number;
} {
  const number = ipv4ToNumber(address);
  // A version 4 UUID in SMBIOS order with the address at its end.
  const guid = new ByteWriter(16)
    .u32le(0x5afe_0b0c)
    .u16le(0x0000)
    .u16le(0x4000)
    .u16be(0x8000)
    .u16be(0)
    .u32be(number)
    .done();
  return { address, guid, serial: `SIM${number.toString(16).padStart(8, '0').toUpperCase()}`, seed: number };
}
