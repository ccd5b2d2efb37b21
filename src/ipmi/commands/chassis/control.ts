import { ByteReader, ByteWriter, WireError } from '../../../base/bytes.ts';
import type { ChassisControl } from '../../types.ts';
import { type Command, netFn, nothing } from '../command.ts';

/** IPMI 2.0 §28.3, table 28-4 */
const codes: Readonly<Record<ChassisControl, number>> = {
  'power-down': 0,
  'power-up': 1,
  'power-cycle': 2,
  'hard-reset': 3,
  'diagnostic-interrupt': 4,
  'soft-shutdown': 5,
};

const actions = Object.keys(codes) as readonly ChassisControl[];

/** Chassis Control. IPMI 2.0 §28.3 */
export const chassisControl: Command<ChassisControl, undefined> = {
  name: 'Chassis Control',
  netFn: netFn.chassis,
  cmd: 0x02,
  encodeRequest: (action) => new ByteWriter(1).u8(codes[action]).done(),
  decodeRequest(data) {
    const code = new ByteReader(data).u8('chassisControl.action') & 0x0f;
    const action = actions.find((one) => codes[one] === code);
    if (action === undefined)
      throw new WireError('bad-value', 'chassisControl.action', `${code} is no chassis control`);
    return action;
  },
  encodeReply: nothing.encode,
  decodeReply: nothing.decode,
};
