import { ByteReader, ByteWriter } from '../../../base/bytes.ts';
import { type Command, netFn, nothing } from '../command.ts';

/** The two bytes as sent. IPMI 2.0 §20.4, table 20-5 */
export interface GetSelfTestResultsReply {
  /** 0x55 passed, 0x56 not implemented, 0x57 corrupted or inaccessible data, 0x58 fatal hardware error; others are the board's own. */
  readonly result: number;
  /** With result 0x57 bits of what is inaccessible or corrupt; else the board's own. */
  readonly detail: number;
}

/** Get Self Test Results. IPMI 2.0 §20.4 */
export const getSelfTestResults: Command<undefined, GetSelfTestResultsReply> = {
  name: 'Get Self Test Results',
  netFn: netFn.app,
  cmd: 0x04,
  encodeRequest: nothing.encode,
  decodeRequest: nothing.decode,
  encodeReply: (reply) => new ByteWriter(2).u8(reply.result).u8(reply.detail).done(),
  decodeReply(data) {
    const r = new ByteReader(data);
    return { result: r.u8('selfTest.result'), detail: r.u8('selfTest.detail') };
  },
};

/** Bits 0 to 7 of the detail of result 0x57. */
const faults = [
  'the firmware is corrupted',
  'the boot block of the firmware is corrupted',
  'the internal use area of the FRU data is corrupted',
  'the SDR repository is empty',
  'the IPMB does not answer',
  'the FRU data of the BMC cannot be read',
  'the SDR repository cannot be read',
  'the event log cannot be read',
];

/** The result in words, one line a fault; the only line of a healthy BMC is `passed`. IPMI 2.0 §20.4 */
export function selfTestTexts({ result, detail }: GetSelfTestResultsReply): readonly string[] {
  if (result === 0x55) return ['passed'];
  if (result === 0x56) return ['the BMC has no self test'];
  if (result === 0x57) {
    const found = faults.filter((_text, bit) => (detail & (1 << bit)) !== 0);
    return found.length > 0 ? found : ['the BMC reports corrupted or unreadable data and does not say which'];
  }
  const code = `0x${detail.toString(16).padStart(2, '0')}`;
  if (result === 0x58) return [`fatal hardware error of the BMC (${code})`];
  return [`failed for a reason of the board's own (0x${result.toString(16).padStart(2, '0')}, ${code})`];
}
