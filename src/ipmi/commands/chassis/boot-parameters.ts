import { ByteReader, ByteWriter } from '../../../base/bytes.ts';

/** Values of boot option parameter 0. `commit` makes boards with rollback keep what was written since `inProgress`. IPMI 2.0 §28.13 */
export const setInProgressValue = { complete: 0, inProgress: 1, commit: 2 } as const;

/** Who handled boot information, parameter 4. IPMI 2.0 §28.13 */
export const bootInitiator = {
  bios: 0x01,
  osLoader: 0x02,
  os: 0x04,
  servicePartition: 0x08,
  oem: 0x10,
} as const;

/** Parameter 4: bits of `bootInitiator` to write, and the value of those bits: 1 says that it has handled the boot information. */
export interface BootInfoAcknowledge {
  readonly mask: number;
  readonly handled: number;
}

/** Two bytes of parameter 4. IPMI 2.0 §28.13 */
export const encodeBootInfoAcknowledge = ({ mask, handled }: BootInfoAcknowledge): Uint8Array =>
  new ByteWriter(2).u8(mask).u8(handled).done();

/** Reads parameter 4; the mask comes back as 0. IPMI 2.0 §28.13 */
export function decodeBootInfoAcknowledge(value: Uint8Array): BootInfoAcknowledge {
  const r = new ByteReader(value);
  return { mask: r.u8('bootInfoAcknowledge.mask'), handled: r.u8('bootInfoAcknowledge.handled') };
}

/** Parameter 3: events after which the BMC leaves boot flags valid, where it would clear them. IPMI 2.0 §28.13 */
export interface ValidBitClearing {
  readonly keepOnPowerButton: boolean;
  readonly keepOnResetButton: boolean;
  readonly keepOnWatchdog: boolean;
  /** Without it flags hold for 60 seconds after they were set unless a chassis control comes. */
  readonly keepOnTimeout: boolean;
  readonly keepOnPlatformEvent: boolean;
}

/** The one byte of parameter 3. IPMI 2.0 §28.13 */
export const encodeValidBitClearing = (keep: ValidBitClearing): Uint8Array =>
  Uint8Array.of(
    (keep.keepOnPowerButton ? 0x01 : 0) |
      (keep.keepOnResetButton ? 0x02 : 0) |
      (keep.keepOnWatchdog ? 0x04 : 0) |
      (keep.keepOnTimeout ? 0x08 : 0) |
      (keep.keepOnPlatformEvent ? 0x10 : 0),
  );

/** Reads parameter 3. IPMI 2.0 §28.13 */
export function decodeValidBitClearing(value: Uint8Array): ValidBitClearing {
  const bits = new ByteReader(value).u8('validBitClearing');
  return {
    keepOnPowerButton: (bits & 0x01) !== 0,
    keepOnResetButton: (bits & 0x02) !== 0,
    keepOnWatchdog: (bits & 0x04) !== 0,
    keepOnTimeout: (bits & 0x08) !== 0,
    keepOnPlatformEvent: (bits & 0x10) !== 0,
  };
}
