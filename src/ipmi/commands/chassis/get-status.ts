import { ByteReader, ByteWriter } from '../../../base/bytes.ts';
import { type Command, netFn, nothing } from '../command.ts';

/** The three mandatory bytes, as they come. IPMI 2.0 §28.2, table 28-3 */
export interface GetChassisStatusReply {
  /** Bit 0: power is on; 1: overload; 2: interlock; 3: power fault; 4: control fault; 6:5: restore policy. */
  readonly powerState: number;
  /** Bit 4: last "power is on" state was entered by an IPMI command. */
  readonly lastPowerEvent: number;
  readonly miscState: number;
}

/** Get Chassis Status; the fourth byte (front panel) is optional and not read. IPMI 2.0 §28.2 */
export const getChassisStatus: Command<undefined, GetChassisStatusReply> = {
  name: 'Get Chassis Status',
  netFn: netFn.chassis,
  cmd: 0x01,
  encodeRequest: nothing.encode,
  decodeRequest: nothing.decode,
  encodeReply: (reply) =>
    new ByteWriter(3).u8(reply.powerState).u8(reply.lastPowerEvent).u8(reply.miscState).done(),
  decodeReply(data) {
    const r = new ByteReader(data);
    return {
      powerState: r.u8('chassisStatus.powerState'),
      lastPowerEvent: r.u8('chassisStatus.lastPowerEvent'),
      miscState: r.u8('chassisStatus.miscState'),
    };
  },
};
