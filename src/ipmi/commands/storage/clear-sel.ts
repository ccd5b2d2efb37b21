import { ByteReader, ByteWriter, WireError } from '../../../base/bytes.ts';
import { type Command, netFn } from '../command.ts';

/** `start` begins to erase, `ask` tells how far it is. IPMI 2.0 §31.9 */
export interface ClearSelRequest {
  readonly reservation: number;
  readonly action: 'start' | 'ask';
}

export type ClearSelReply = 'in-progress' | 'done';

const key = Uint8Array.from('CLR', (char) => char.codePointAt(0) ?? 0);
const start = 0xaa;
const ask = 0x00;

/** Clear SEL. IPMI 2.0 §31.9 */
export const clearSelCommand: Command<ClearSelRequest, ClearSelReply> = {
  name: 'Clear SEL',
  netFn: netFn.storage,
  cmd: 0x47,
  encodeRequest: ({ reservation, action }) =>
    new ByteWriter(6)
      .u16le(reservation)
      .bytes(key)
      .u8(action === 'start' ? start : ask)
      .done(),
  decodeRequest(data) {
    const r = new ByteReader(data);
    const reservation = r.u16le('clearSel.reservation');
    const sent = r.bytes(key.length, 'clearSel.key');
    const action = r.u8('clearSel.action');
    if (sent.some((byte, at) => byte !== key[at]) || (action !== start && action !== ask))
      throw new WireError('bad-value', 'clearSel', 'is no request to clear');
    return { reservation, action: action === start ? 'start' : 'ask' };
  },
  encodeReply: (reply) => new ByteWriter(1).u8(reply === 'done' ? 1 : 0).done(),
  decodeReply: (data) =>
    (new ByteReader(data).u8('clearSel.progress') & 0x0f) === 1 ? 'done' : 'in-progress',
};
