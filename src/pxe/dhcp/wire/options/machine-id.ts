import { ByteReader, WireError } from '../../../../base/bytes.ts';
import { type Uuid, uuidReadings } from '../../../../base/uuid.ts';

/** Boards without a number of their own send these; they would make all such machines one. */
const placeholders = /^(?:0{32}|f{32})$/;

/**
 * Option 97: every uuid that it can mean, none for a placeholder. RFC 4578 §2.3: type 0 and 16 bytes. Throws WireError for
 * another type or length.
 */
export function decodeMachineId(value: Uint8Array): readonly Uuid[] {
  const r = new ByteReader(value);
  const type = r.u8('dhcp.options.97.type');
  if (type !== 0) throw new WireError('bad-value', 'dhcp.options.97.type', `${type} is not 0`);
  const uuid = r.bytes(16, 'dhcp.options.97.uuid');
  r.end('dhcp.options.97');
  return uuidReadings(uuid).filter((reading) => !placeholders.test(reading));
}
