import { ByteReader, ByteWriter } from '../../../base/bytes.ts';
import { type Command, netFn } from '../command.ts';
import { decodeFactors, encodeFactors, type Factors } from './factors.ts';

/** A non-linear sensor and the raw reading to convert. IPMI 2.0 §35.5 */
export interface GetSensorReadingFactorsRequest {
  readonly sensor: number;
  readonly reading: number;
}

/** Factors that hold for the reading. */
export interface GetSensorReadingFactorsReply extends Factors {
  /** The next reading that has factors of its own. */
  readonly nextReading: number;
}

/** Get Sensor Reading Factors. IPMI 2.0 §35.5 */
export const getSensorReadingFactors: Command<GetSensorReadingFactorsRequest, GetSensorReadingFactorsReply> =
  {
    name: 'Get Sensor Reading Factors',
    netFn: netFn.sensor,
    cmd: 0x23,
    encodeRequest: ({ sensor, reading }) => new ByteWriter(2).u8(sensor).u8(reading).done(),
    decodeRequest(data) {
      const r = new ByteReader(data);
      return { sensor: r.u8('readingFactors.sensor'), reading: r.u8('readingFactors.reading') };
    },
    encodeReply: (reply) => encodeFactors(new ByteWriter(7).u8(reply.nextReading), reply).done(),
    decodeReply(data) {
      const r = new ByteReader(data);
      return { nextReading: r.u8('readingFactors.next'), ...decodeFactors(r) };
    },
  };
