import { ByteReader, ByteWriter } from '../../../base/bytes.ts';
import { type Command, netFn } from '../command.ts';

/** Names of the thresholds in the order of their bits. IPMI 2.0 §35.9 */
export const thresholdNames = [
  'lowerNonCritical',
  'lowerCritical',
  'lowerNonRecoverable',
  'upperNonCritical',
  'upperCritical',
  'upperNonRecoverable',
] as const;

export type ThresholdName = (typeof thresholdNames)[number];

/** Raw thresholds; those that cannot be read are left out. IPMI 2.0 §35.9, table 35-10 */
export type RawThresholds = { readonly [name in ThresholdName]?: number };

/** Get Sensor Thresholds of a sensor number. IPMI 2.0 §35.9 */
export const getSensorThresholds: Command<number, RawThresholds> = {
  name: 'Get Sensor Thresholds',
  netFn: netFn.sensor,
  cmd: 0x27,
  encodeRequest: (sensor) => new ByteWriter(1).u8(sensor).done(),
  decodeRequest: (data) => new ByteReader(data).u8('sensorThresholds.sensor'),
  encodeReply(thresholds) {
    const readable = thresholdNames.reduce(
      (bits, name, bit) => bits | (thresholds[name] === undefined ? 0 : 1 << bit),
      0,
    );
    const w = new ByteWriter(7).u8(readable);
    for (const name of thresholdNames) w.u8(thresholds[name] ?? 0);
    return w.done();
  },
  decodeReply(data) {
    const r = new ByteReader(data);
    const readable = r.u8('sensorThresholds.readable');
    const found: { [name in ThresholdName]?: number } = {};
    for (const [bit, name] of thresholdNames.entries()) {
      const value = r.u8(`sensorThresholds.${name}`);
      if ((readable & (1 << bit)) !== 0) found[name] = value;
    }
    return found;
  },
};
