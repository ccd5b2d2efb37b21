import { getSensorReadingFactors } from '../commands/sensor/get-sensor-reading-factors.ts';
import type { Execute } from '../execute.ts';
import { convertReading, isNonLinear } from './conversion.ts';
import { completionCodeOf } from './read-pieces.ts';
import type { SensorRecord } from './sensor-record.ts';

/** Value of a raw byte by the sensor's record alone; undefined for sensors without numbers and for non-linear ones. IPMI 2.0 §36.3 */
export function sensorValue({ analog }: SensorRecord, raw: number): number | undefined {
  if (analog === undefined || isNonLinear(analog.linearization)) return undefined;
  return convertReading(raw, analog.format, analog.linearization, analog.factors);
}

/** As sensorValue, and asks the BMC for the factors of a non-linear sensor's reading. Rejects with IpmiError. IPMI 2.0 §35.5 */
export async function readSensorValue(
  execute: Execute,
  sensor: SensorRecord,
  raw: number,
): Promise<number | undefined> {
  const { analog, number, lun } = sensor;
  if (analog === undefined || !isNonLinear(analog.linearization)) return sensorValue(sensor, raw);
  try {
    const factors = await execute(getSensorReadingFactors, { sensor: number, reading: raw }, { lun });
    return convertReading(raw, analog.format, analog.linearization, factors);
  } catch (error) {
    if (completionCodeOf(error) === undefined) throw error;
    return undefined;
  }
}
