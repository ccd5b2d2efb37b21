import { ByteReader, ByteWriter } from '../../../base/bytes.ts';
import { type Command, netFn, nothing } from '../command.ts';

/** One parameter of a channel; set and block selector are 0 for most. IPMI 2.0 §23.2, §26.3 */
export interface GetConfigurationRequest {
  readonly channel: number;
  /** Only the revision is wished. */
  readonly revisionOnly: boolean;
  readonly parameter: number;
  readonly setSelector: number;
  readonly blockSelector: number;
}

/** A parameter's bytes. */
export interface GetConfigurationReply {
  /** Present revision in bits 7:4, oldest compatible one in 3:0. */
  readonly revision: number;
  readonly value: Uint8Array;
}

const getConfiguration = (
  name: string,
  cmd: number,
): Command<GetConfigurationRequest, GetConfigurationReply> => ({
  name,
  netFn: netFn.transport,
  cmd,
  encodeRequest: (request) =>
    new ByteWriter(4)
      .u8((request.revisionOnly ? 0x80 : 0) | (request.channel & 0x0f))
      .u8(request.parameter)
      .u8(request.setSelector)
      .u8(request.blockSelector)
      .done(),
  decodeRequest(data) {
    const r = new ByteReader(data);
    const first = r.u8('configuration.channel');
    return {
      channel: first & 0x0f,
      revisionOnly: (first & 0x80) !== 0,
      parameter: r.u8('configuration.parameter'),
      setSelector: r.u8('configuration.setSelector'),
      blockSelector: r.u8('configuration.blockSelector'),
    };
  },
  encodeReply: ({ revision, value }) => new ByteWriter(1 + value.length).u8(revision).bytes(value).done(),
  decodeReply(data) {
    const r = new ByteReader(data);
    return { revision: r.u8('configuration.revision'), value: r.rest() };
  },
});

/** Get LAN Configuration Parameters; completion code 0x80: parameter not supported. IPMI 2.0 §23.2 */
export const getLanConfiguration = getConfiguration('Get LAN Configuration Parameters', 0x02);

/** Get SOL Configuration Parameters; completion code 0x80: parameter not supported. IPMI 2.0 §26.3 */
export const getSolConfiguration = getConfiguration('Get SOL Configuration Parameters', 0x22);

/** A parameter and its new bytes. IPMI 2.0 §26.2 */
export interface SetConfigurationRequest {
  readonly channel: number;
  readonly parameter: number;
  readonly value: Uint8Array;
}

/** Set SOL Configuration Parameters; completion codes: 0x80 not supported, 0x81 another program sets, 0x82 read-only. IPMI 2.0 §26.2 */
export const setSolConfiguration: Command<SetConfigurationRequest, undefined> = {
  name: 'Set SOL Configuration Parameters',
  netFn: netFn.transport,
  cmd: 0x21,
  encodeRequest: ({ channel, parameter, value }) =>
    new ByteWriter(2 + value.length)
      .u8(channel & 0x0f)
      .u8(parameter)
      .bytes(value)
      .done(),
  decodeRequest(data) {
    const r = new ByteReader(data);
    return {
      channel: r.u8('configuration.channel') & 0x0f,
      parameter: r.u8('configuration.parameter'),
      value: r.rest(),
    };
  },
  encodeReply: nothing.encode,
  decodeReply: nothing.decode,
};
