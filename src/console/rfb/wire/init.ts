import { ByteReader, ByteWriter, WireError } from '../../../base/bytes.ts';
import { pixelFormatLength } from './pixel-format.ts';

/** A screen's size in pixels. */
export interface ScreenSize {
  readonly width: number;
  readonly height: number;
}

/** ServerInit without its name. RFC 6143 §7.3.2 */
export interface ServerInitHead extends ScreenSize {
  /** Bytes of the name that follow. */
  readonly nameLength: number;
}

/** Bytes of ServerInit before the name. RFC 6143 §7.3.2 */
export const serverInitHeadLength = 4 + pixelFormatLength + 4;

/** The standard has no limit; a name beyond this is no name. */
const maxNameLength = 64 * 1024;

/** Reads the fixed part of ServerInit; WireError for a name over 64 KiB. RFC 6143 §7.3.2 */
export function decodeServerInitHead(bytes: Uint8Array): ServerInitHead {
  const reader = new ByteReader(bytes);
  const width = reader.u16be('serverInit.width');
  const height = reader.u16be('serverInit.height');
  reader.skip(pixelFormatLength, 'serverInit.pixelFormat');
  const nameLength = reader.u32be('serverInit.nameLength');
  if (nameLength > maxNameLength) throw new WireError('too-long', 'serverInit.name', 'is over 64 KiB');
  return { width, height, nameLength };
}

/** ClientInit that leaves other viewers connected, whoever asks. RFC 6143 §7.3.1 */
export function encodeClientInit(): Uint8Array {
  return new ByteWriter(1).u8(1).done();
}
