import { ByteReader, WireError } from '../../../base/bytes.ts';
import { type Command, netFn, nothing } from '../command.ts';

/** Get System GUID; the reply is the 16 bytes as sent, whose order differs between boards. IPMI 2.0 §22.14 */
export const getSystemGuid: Command<undefined, Uint8Array> = {
  name: 'Get System GUID',
  netFn: netFn.app,
  cmd: 0x37,
  encodeRequest: nothing.encode,
  decodeRequest: nothing.decode,
  encodeReply(guid) {
    if (guid.length !== 16) throw new WireError('bad-value', 'systemGuid', 'is not 16 bytes');
    return guid.slice();
  },
  decodeReply: (data) => new ByteReader(data).bytes(16, 'systemGuid'),
};
