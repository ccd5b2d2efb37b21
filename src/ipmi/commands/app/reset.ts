import { type Command, netFn, nothing } from '../command.ts';

const reset = (name: string, cmd: number): Command<undefined, undefined> => ({
  name,
  netFn: netFn.app,
  cmd,
  encodeRequest: nothing.encode,
  decodeRequest: nothing.decode,
  encodeReply: nothing.encode,
  decodeReply: nothing.decode,
});

/** Cold Reset of the BMC: sessions end, settings may be lost; many boards give no answer. IPMI 2.0 §20.2 */
export const coldReset = reset('Cold Reset', 0x02);

/** Warm Reset of the BMC: sessions end, settings stay. IPMI 2.0 §20.3 */
export const warmReset = reset('Warm Reset', 0x03);
