import { restartCauseText } from '../commands/chassis/get-system-restart-cause.ts';
import { sensorValue } from '../sdr/sensor-value.ts';
import type { SensorRecord } from '../sdr/sensor-record.ts';
import { unitText } from '../sdr/units.ts';
import { sensorType } from '../sensors/sensor-types.ts';
import { readingType } from '../sensors/state-text.ts';
import type { SelEventRecord } from './record.ts';

/** What event data 2 and 3 hold, by bits of event data 1. IPMI 2.0 §29.7, table 29-6 */
const content = { unspecified: 0, reading: 1, oem: 2, extension: 3 } as const;

const watchdogUses = ['unspecified', 'BIOS FRB2', 'BIOS POST', 'OS load', 'OS', 'OEM'] as const;

/** What happened in detail, from event data 2 and 3; empty where they say nothing. IPMI 2.0 §29.7, §42.2 */
export function eventDetails(event: SelEventRecord, sensor: SensorRecord | undefined): readonly string[] {
  const [data1, data2, data3] = event.data;
  const second = (data1 >> 6) & 0x03;
  const third = (data1 >> 4) & 0x03;
  if (event.eventType === readingType.threshold) {
    const valueOf = (raw: number): string => {
      const value = sensor === undefined ? undefined : sensorValue(sensor, raw);
      if (value === undefined || sensor === undefined) return `raw ${raw}`;
      return `${value} ${unitText(sensor.unit)}`.trimEnd();
    };
    return [
      ...(second === content.reading ? [`reading ${valueOf(data2)}`] : []),
      ...(third === content.reading ? [`threshold ${valueOf(data3)}`] : []),
    ];
  }
  const extended = second === content.extension && event.eventType === readingType.specific;
  if (extended) {
    const text = extension(event.sensorType, data1 & 0x0f, data2, data3);
    if (text !== undefined) return [text];
  }
  if (third === content.extension && event.sensorType === sensorType.memory) return [`module ${data3}`];
  return [];
}

function extension(type: number, offset: number, data2: number, data3: number): string | undefined {
  const restart = 7;
  const ofUser = data2 & 0x3f;
  switch (type) {
    case sensorType.systemBoot:
      return offset === restart ? `cause: ${restartCauseText(data2 & 0x0f)}` : undefined;
    case sensorType.watchdog2:
      return `timer of ${watchdogUses[data2 & 0x0f] ?? 'unknown use'}`;
    case sensorType.memory:
      return `module ${data3}`;
    case sessionAudit:
      return ofUser === 0 ? undefined : `user ${ofUser}`;
    default:
      return undefined;
  }
}

/** IPMI 2.0 §42.2, table 42-3 */
const sessionAudit = 0x2a;
