import { ByteReader, ByteWriter } from '../../../base/bytes.ts';
import { type Command, netFn, nothing } from '../command.ts';

const encodeTime = (seconds: number): Uint8Array => new ByteWriter(4).u32le(seconds).done();
const decodeTime = (data: Uint8Array): number => new ByteReader(data).u32le('selTime');

/** Get SEL Time: seconds of the BMC's clock; see `sel/time.ts` for their meaning. IPMI 2.0 §31.10 */
export const getSelTime: Command<undefined, number> = {
  name: 'Get SEL Time',
  netFn: netFn.storage,
  cmd: 0x48,
  encodeRequest: nothing.encode,
  decodeRequest: nothing.decode,
  encodeReply: encodeTime,
  decodeReply: decodeTime,
};

/** Set SEL Time: seconds since 1970. IPMI 2.0 §31.11 */
export const setSelTime: Command<number, undefined> = {
  name: 'Set SEL Time',
  netFn: netFn.storage,
  cmd: 0x49,
  encodeRequest: encodeTime,
  decodeRequest: decodeTime,
  encodeReply: nothing.encode,
  decodeReply: nothing.decode,
};
