import { ByteReader, ByteWriter } from '../../../base/bytes.ts';
import { type Command, netFn } from '../command.ts';

/** Set Session Privilege Level: wished level in, the level that is in force out. IPMI 2.0 §22.18 */
export const setSessionPrivilege: Command<number, number> = {
  name: 'Set Session Privilege Level',
  netFn: netFn.app,
  cmd: 0x3b,
  encodeRequest: (level) => new ByteWriter(1).u8(level & 0x0f).done(),
  decodeRequest: (data) => new ByteReader(data).u8('privilege.level') & 0x0f,
  encodeReply: (level) => new ByteWriter(1).u8(level & 0x0f).done(),
  decodeReply: (data) => new ByteReader(data).u8('privilege.level') & 0x0f,
};
