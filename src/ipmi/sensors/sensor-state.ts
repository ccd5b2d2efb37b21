import type { GetSensorReadingReply } from '../commands/sensor/get-sensor-reading.ts';
import type { SensorRecord } from '../sdr/sensor-record.ts';
import type { Severity } from './state-row.ts';
import { readingType, stateOf } from './state-text.ts';

/** How a sensor is. `unknown`: there is no valid reading now. */
export type SensorState = Severity | 'unknown';

const worse: readonly Severity[] = ['ok', 'warning', 'critical', 'non-recoverable', 'absent'];

/** Threshold comparison bits from the worst on. IPMI 2.0 §35.14, table 35-15 */
const comparisons: ReadonlyArray<readonly [bit: number, severity: Severity, text: string]> = [
  [0x20, 'non-recoverable', 'at or above upper non-recoverable'],
  [0x04, 'non-recoverable', 'at or below lower non-recoverable'],
  [0x10, 'critical', 'at or above upper critical'],
  [0x02, 'critical', 'at or below lower critical'],
  [0x08, 'warning', 'at or above upper non-critical'],
  [0x01, 'warning', 'at or below lower non-critical'],
];

/** Bits 14:0 of discrete states. */
const offsets = Array.from({ length: 15 }, (_, offset) => offset);

/** What a reading means: the worst of its states, and all of them in words. IPMI 2.0 §35.14, §42 */
export function judgeReading(
  sensor: Pick<SensorRecord, 'type' | 'eventType'>,
  reply: GetSensorReadingReply,
): { readonly state: SensorState; readonly states: readonly string[] } {
  if (reply.unavailable) return { state: 'unknown', states: ['no reading available'] };
  if (!reply.scanningEnabled) return { state: 'unknown', states: ['scanning is switched off'] };
  if (sensor.eventType === readingType.threshold) {
    const crossed = comparisons.filter(([bit]) => (reply.states & bit) !== 0);
    return { state: crossed[0]?.[1] ?? 'ok', states: crossed.map(([, , text]) => text) };
  }
  const rows = offsets
    .filter((offset) => (reply.states & (1 << offset)) !== 0)
    .map((offset) => stateOf(sensor.eventType, sensor.type, offset));
  const state = rows.reduce<Severity>(
    (worst, { severity }) => (worse.indexOf(severity) > worse.indexOf(worst) ? severity : worst),
    'ok',
  );
  return { state, states: rows.map(({ text }) => text) };
}
