import { ByteReader, ByteWriter } from '../../../base/bytes.ts';
import { type Command, netFn } from '../command.ts';

/** Which parameter to read; set and block selector are 0 for all that is in use. IPMI 2.0 §28.13 */
export interface GetBootOptionsRequest {
  readonly parameter: number;
  readonly setSelector: number;
  readonly blockSelector: number;
}

/** A parameter as the BMC keeps it. IPMI 2.0 §28.13 */
export interface GetBootOptionsReply {
  readonly version: number;
  readonly parameter: number;
  /** The BMC says that the parameter is invalid or locked. */
  readonly markedInvalid: boolean;
  readonly value: Uint8Array;
}

/** Get System Boot Options. IPMI 2.0 §28.13 */
export const getBootOptions: Command<GetBootOptionsRequest, GetBootOptionsReply> = {
  name: 'Get System Boot Options',
  netFn: netFn.chassis,
  cmd: 0x09,
  encodeRequest: (request) =>
    new ByteWriter(3)
      .u8(request.parameter & 0x7f)
      .u8(request.setSelector)
      .u8(request.blockSelector)
      .done(),
  decodeRequest(data) {
    const r = new ByteReader(data);
    return {
      parameter: r.u8('getBootOptions.parameter') & 0x7f,
      setSelector: r.u8('getBootOptions.setSelector'),
      blockSelector: r.u8('getBootOptions.blockSelector'),
    };
  },
  encodeReply: (reply) =>
    new ByteWriter(2 + reply.value.length)
      .u8(reply.version & 0x0f)
      .u8((reply.markedInvalid ? 0x80 : 0) | (reply.parameter & 0x7f))
      .bytes(reply.value)
      .done(),
  decodeReply(data) {
    const r = new ByteReader(data);
    const version = r.u8('getBootOptions.version') & 0x0f;
    const selector = r.u8('getBootOptions.parameter');
    return {
      version,
      parameter: selector & 0x7f,
      markedInvalid: (selector & 0x80) !== 0,
      value: r.rest(),
    };
  },
};
