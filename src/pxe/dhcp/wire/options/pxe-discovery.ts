import { encodeOptions } from '../option-area.ts';

const PXE_DISCOVERY_CONTROL = 6;
/** Bit 3: take the boot file named in this answer, ask no boot server and show no menu. PXE 2.1 §2.3, table 2-1 */
const USE_BOOT_FILE = 8;

/** Option 43 for PXE ROMs: discovery control with bit 3 alone. */
export function encodePxeDiscovery(): Uint8Array {
  return encodeOptions(new Map([[PXE_DISCOVERY_CONTROL, Uint8Array.of(USE_BOOT_FILE)]]));
}
