import { ByteReader, ByteWriter } from '../../../base/bytes.ts';
import { type Command, netFn } from '../command.ts';

/** What to ask for. IPMI 2.0 §22.15, table 22-18 */
export interface GetChannelCipherSuitesRequest {
  readonly channel: number;
  /** 0 for IPMI messages, 1 for SOL. */
  readonly payloadType: number;
  /** Which 16 bytes of the list, 0 to 63. */
  readonly index: number;
}

/** A part of the list; it goes on while a part has 16 bytes. */
export interface GetChannelCipherSuitesReply {
  readonly channel: number;
  /** 0 to 16 bytes of records. */
  readonly records: Uint8Array;
}

/** Bytes of a full part of the list. */
export const cipherSuitePartBytes = 16;

/** Get Channel Cipher Suites, allowed before a session. IPMI 2.0 §22.15 */
export const getChannelCipherSuites: Command<GetChannelCipherSuitesRequest, GetChannelCipherSuitesReply> = {
  name: 'Get Channel Cipher Suites',
  netFn: netFn.app,
  cmd: 0x54,
  encodeRequest: (request) =>
    new ByteWriter(3)
      .u8(request.channel & 0x0f)
      .u8(request.payloadType & 0x3f)
      // Bit 7 asks for suites, not for single algorithms.
      .u8(0x80 | (request.index & 0x3f))
      .done(),
  decodeRequest(data) {
    const r = new ByteReader(data);
    return {
      channel: r.u8('cipherSuites.channel') & 0x0f,
      payloadType: r.u8('cipherSuites.payloadType') & 0x3f,
      index: r.u8('cipherSuites.index') & 0x3f,
    };
  },
  encodeReply: (reply) =>
    new ByteWriter(17).u8(reply.channel).bytes(reply.records.subarray(0, cipherSuitePartBytes)).done(),
  decodeReply(data) {
    const r = new ByteReader(data);
    const channel = r.u8('cipherSuites.channel');
    return { channel, records: r.bytes(Math.min(r.remaining, cipherSuitePartBytes), 'cipherSuites.records') };
  },
};

const standardRecord = 0xc0;
const oemRecord = 0xc1;

/**
 * Numbers of the standard suites in a whole list. OEM suites are passed over; what follows a malformed record is left out, as some
 * boards end their list with rubbish. IPMI 2.0 §22.15.1
 */
export function cipherSuiteIds(records: Uint8Array): readonly number[] {
  const ids: number[] = [];
  const r = new ByteReader(records);
  let byte = r.remaining > 0 ? r.u8('suite.start') : undefined;
  const next = (): number | undefined => (r.remaining > 0 ? r.u8('suite.byte') : undefined);
  while (byte === standardRecord || byte === oemRecord) {
    const isOem = byte === oemRecord;
    const id = next();
    if (id === undefined || (isOem && r.remaining < 3)) break;
    if (isOem) r.skip(3, 'suite.oem');
    else ids.push(id);
    // Algorithms have their kind in the two high bits: 0 to 2; 3 starts the next record.
    do byte = next();
    while (byte !== undefined && byte < standardRecord);
  }
  return ids;
}

/** Bytes of a list of standard suites with their algorithms. IPMI 2.0 §22.15.1 */
export function encodeCipherSuiteRecords(
  list: ReadonlyArray<{
    readonly id: number;
    readonly algorithms: {
      readonly authentication: number;
      readonly integrity: number;
      readonly confidentiality: number;
    };
  }>,
): Uint8Array {
  const w = new ByteWriter(5 * list.length);
  for (const { id, algorithms } of list)
    w.u8(standardRecord)
      .u8(id)
      .u8(algorithms.authentication & 0x3f)
      .u8(0x40 | (algorithms.integrity & 0x3f))
      .u8(0x80 | (algorithms.confidentiality & 0x3f));
  return w.done();
}
