import { ByteReader, ByteWriter } from '../../../base/bytes.ts';
import { type Command, netFn } from '../command.ts';

/** What to count: sensors of the unit (LUN) addressed, or records of all units. IPMI 2.0 §35.2 */
export type GetDeviceSdrInfoRequest = 'sensors' | 'records';

/** Facts of a controller's own sensor records. IPMI 2.0 §35.2, table 35-2 */
export interface GetDeviceSdrInfoReply {
  readonly count: number;
  /** Bits 3:0: units (LUNs) with sensors. */
  readonly luns: number;
  /** Changes whenever sensors come or go; undefined where they never do. */
  readonly changeCount: number | undefined;
}

/** Get Device SDR Info. IPMI 2.0 §35.2 */
export const getDeviceSdrInfo: Command<GetDeviceSdrInfoRequest, GetDeviceSdrInfoReply> = {
  name: 'Get Device SDR Info',
  netFn: netFn.sensor,
  cmd: 0x20,
  encodeRequest: (what) => new ByteWriter(1).u8(what === 'records' ? 1 : 0).done(),
  decodeRequest(data) {
    const r = new ByteReader(data);
    // Version 1.5 has no operation byte; it means sensors then.
    const operation = r.remaining > 0 ? r.u8('deviceSdrInfo.operation') : 0;
    return (operation & 0x01) === 1 ? 'records' : 'sensors';
  },
  encodeReply({ count, luns, changeCount }) {
    const w = new ByteWriter(6).u8(count).u8((changeCount === undefined ? 0 : 0x80) | (luns & 0x0f));
    return (changeCount === undefined ? w : w.u32le(changeCount)).done();
  },
  decodeReply(data) {
    const r = new ByteReader(data);
    const count = r.u8('deviceSdrInfo.count');
    const flags = r.u8('deviceSdrInfo.flags');
    const dynamic = (flags & 0x80) !== 0 && r.remaining >= 4;
    return { count, luns: flags & 0x0f, changeCount: dynamic ? r.u32le('deviceSdrInfo.changes') : undefined };
  },
};
