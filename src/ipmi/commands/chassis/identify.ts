import { ByteReader, ByteWriter } from '../../../base/bytes.ts';
import { type Command, netFn, nothing } from '../command.ts';

/** How long the identify light is on. IPMI 2.0 §28.5 */
export interface ChassisIdentifyRequest {
  /** Seconds up to 255; 0 switches it off. */
  readonly seconds: number;
  /** On until switched off, whatever `seconds` says; optional on boards. */
  readonly force: boolean;
}

/** The standard's interval when a request names none. */
const defaultSeconds = 15;

/** Chassis Identify. IPMI 2.0 §28.5 */
export const chassisIdentify: Command<ChassisIdentifyRequest, undefined> = {
  name: 'Chassis Identify',
  netFn: netFn.chassis,
  cmd: 0x04,
  encodeRequest({ seconds, force }) {
    const w = new ByteWriter(2).u8(seconds);
    // Older boards refuse a second byte.
    return (force ? w.u8(0x01) : w).done();
  },
  decodeRequest(data) {
    const r = new ByteReader(data);
    const seconds = r.remaining > 0 ? r.u8('identify.seconds') : defaultSeconds;
    return { seconds, force: r.remaining > 0 && (r.u8('identify.force') & 0x01) !== 0 };
  },
  encodeReply: nothing.encode,
  decodeReply: nothing.decode,
};
