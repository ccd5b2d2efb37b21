import { ByteReader, ByteWriter } from '../../../base/bytes.ts';
import { type Command, netFn } from '../command.ts';

/** A sensor's raw reading and states. IPMI 2.0 §35.14, table 35-15 */
export interface GetSensorReadingReply {
  /** Meaningless for discrete sensors. */
  readonly reading: number;
  readonly eventsEnabled: boolean;
  readonly scanningEnabled: boolean;
  /** The reading or the states are not valid now. */
  readonly unavailable: boolean;
  /** Bits 14:0. Threshold sensors: 5 to 0 for upper non-recoverable, critical, non-critical, lower ones. Discrete: the states. */
  readonly states: number;
}

/** Get Sensor Reading of a sensor number. IPMI 2.0 §35.14 */
export const getSensorReading: Command<number, GetSensorReadingReply> = {
  name: 'Get Sensor Reading',
  netFn: netFn.sensor,
  cmd: 0x2d,
  encodeRequest: (sensor) => new ByteWriter(1).u8(sensor).done(),
  decodeRequest: (data) => new ByteReader(data).u8('sensorReading.sensor'),
  encodeReply: (reply) =>
    new ByteWriter(4)
      .u8(reply.reading)
      .u8(
        (reply.eventsEnabled ? 0x80 : 0) |
          (reply.scanningEnabled ? 0x40 : 0) |
          (reply.unavailable ? 0x20 : 0),
      )
      .u8(reply.states)
      .u8(0x80 | ((reply.states >> 8) & 0x7f))
      .done(),
  decodeReply(data) {
    const r = new ByteReader(data);
    const reading = r.u8('sensorReading.reading');
    const flags = r.u8('sensorReading.flags');
    // Both state bytes may be left out by sensors that have none.
    const low = r.remaining > 0 ? r.u8('sensorReading.states') : 0;
    const high = r.remaining > 0 ? r.u8('sensorReading.states') & 0x7f : 0;
    return {
      reading,
      eventsEnabled: (flags & 0x80) !== 0,
      scanningEnabled: (flags & 0x40) !== 0,
      unavailable: (flags & 0x20) !== 0,
      states: low | (high << 8),
    };
  },
};
