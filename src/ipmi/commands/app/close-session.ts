import { ByteReader, ByteWriter } from '../../../base/bytes.ts';
import { type Command, netFn, nothing } from '../command.ts';

/** Close Session: the BMC's id of the session to close. IPMI 2.0 §22.19 */
export const closeSession: Command<number, undefined> = {
  name: 'Close Session',
  netFn: netFn.app,
  cmd: 0x3c,
  encodeRequest: (bmcSessionId) => new ByteWriter(4).u32le(bmcSessionId).done(),
  decodeRequest: (data) => new ByteReader(data).u32le('closeSession.id'),
  encodeReply: nothing.encode,
  decodeReply: nothing.decode,
};
