import { ByteReader, ByteWriter } from '../../../base/bytes.ts';
import { type Command, netFn, nothing } from '../command.ts';

/** State numbers, 7 bits each. IPMI 2.0 §20.7, table 20-8 */
export interface GetAcpiPowerStateReply {
  /** 0x00 S0/G0 working, 0x01-0x05 S1-S5, 0x06 soft off, 0x07 G3, 0x20 legacy on, 0x21 legacy off, 0x2a unknown. */
  readonly system: number;
  /** 0x00-0x03 D0-D3, 0x2a unknown. */
  readonly device: number;
}

/** Get ACPI Power State. IPMI 2.0 §20.7 */
export const getAcpiPowerState: Command<undefined, GetAcpiPowerStateReply> = {
  name: 'Get ACPI Power State',
  netFn: netFn.app,
  cmd: 0x07,
  encodeRequest: nothing.encode,
  decodeRequest: nothing.decode,
  encodeReply: (reply) =>
    new ByteWriter(2)
      .u8(reply.system & 0x7f)
      .u8(reply.device & 0x7f)
      .done(),
  decodeReply(data) {
    const r = new ByteReader(data);
    return { system: r.u8('acpi.system') & 0x7f, device: r.u8('acpi.device') & 0x7f };
  },
};
