import { ByteReader, ByteWriter } from '../../../base/bytes.ts';
import { type Command, netFn, nothing } from '../command.ts';

/** Boot option parameters in use. IPMI 2.0 §28.13, table 28-14 */
export const bootParameter = {
  setInProgress: 0,
  validBitClearing: 3,
  bootInfoAcknowledge: 4,
  bootFlags: 5,
} as const;

/** One parameter and its bytes. IPMI 2.0 §28.12 */
export interface SetBootOptionsRequest {
  readonly parameter: number;
  /** True marks the parameter invalid or locked; false valid and unlocked. */
  readonly markInvalid: boolean;
  readonly value: Uint8Array;
}

/** Set System Boot Options. IPMI 2.0 §28.12 */
export const setBootOptions: Command<SetBootOptionsRequest, undefined> = {
  name: 'Set System Boot Options',
  netFn: netFn.chassis,
  cmd: 0x08,
  encodeRequest: (request) =>
    new ByteWriter(1 + request.value.length)
      .u8((request.markInvalid ? 0x80 : 0) | (request.parameter & 0x7f))
      .bytes(request.value)
      .done(),
  decodeRequest(data) {
    const r = new ByteReader(data);
    const selector = r.u8('setBootOptions.parameter');
    return { parameter: selector & 0x7f, markInvalid: (selector & 0x80) !== 0, value: r.rest() };
  },
  encodeReply: nothing.encode,
  decodeReply: nothing.decode,
};
