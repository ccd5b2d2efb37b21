import { restartCauseText } from '../commands/chassis/get-system-restart-cause.ts';
import { sensorType } from '../sensors/sensor-types.ts';
import { readingType } from '../sensors/state-text.ts';
import type { SelEntry } from './entry.ts';
import type { SelTime } from './time.ts';

/** A likely cause of a power change. */
export interface PowerCause {
  /** In words, such as `processor: thermal trip (CPU1 Status)`. */
  readonly text: string;
  /** Entry of the log that says so; undefined when only the restart cause does. */
  readonly recordId: number | undefined;
}

/** Entries that may belong to one power change: so many of the newest ones, and so many seconds before the newest of all. */
const window = { entries: 32, seconds: 300 } as const;

/** Offsets of a sensor type that switch a machine off or restart it, and how much more they explain than others. */
const causes: ReadonlyMap<number, { readonly rank: number; readonly offsets: readonly number[] }> = new Map([
  [sensorType.processor, { rank: 9, offsets: [0x00, 0x01, 0x06, 0x0b] }],
  [sensorType.powerUnit, { rank: 8, offsets: [0x02, 0x03, 0x04, 0x05, 0x06] }],
  [sensorType.powerSupply, { rank: 7, offsets: [0x01, 0x03, 0x04] }],
  [sensorType.memory, { rank: 7, offsets: [0x01] }],
  [sensorType.criticalInterrupt, { rank: 6, offsets: [0x00, 0x05, 0x08, 0x09, 0x0a] }],
  [sensorType.osStop, { rank: 6, offsets: [0x00, 0x01] }],
  [sensorType.watchdog2, { rank: 5, offsets: [0x01, 0x02, 0x03] }],
  [sensorType.button, { rank: 4, offsets: [0x00, 0x02] }],
]);

/** What was wished, rather than gone wrong. */
const wishes: ReadonlyMap<number, { readonly rank: number; readonly offsets: readonly number[] }> = new Map([
  [sensorType.osStop, { rank: 3, offsets: [0x02, 0x03, 0x04] }],
  [sensorType.systemBoot, { rank: 2, offsets: [0x03, 0x05, 0x06, 0x07] }],
  [sensorType.acpiPowerState, { rank: 1, offsets: [0x05, 0x06, 0x0a] }],
  [sensorType.powerUnit, { rank: 1, offsets: [0x00, 0x01] }],
]);

const overheated = { rank: 6, offsets: [0x09, 0x0b] } as const;

function rankOf({ asserted, event, sensor }: SelEntry): number {
  if (!asserted || event === undefined || sensor === undefined) return 0;
  const { offset, eventType } = event;
  if (eventType === readingType.threshold)
    return sensor.type === sensorType.temperature && overheated.offsets.some((one) => one === offset)
      ? overheated.rank
      : 0;
  if (eventType !== readingType.specific) return 0;
  const found = [causes, wishes].find((table) => table.get(sensor.type)?.offsets.includes(offset));
  return found?.get(sensor.type)?.rank ?? 0;
}

/** Not older than the window before the newest; times of different kinds cannot be compared and count as near. */
const isNear = (time: SelTime, newest: SelTime): boolean =>
  time.kind === 'unspecified' ||
  newest.kind === 'unspecified' ||
  time.kind !== newest.kind ||
  newest.seconds - time.seconds <= window.seconds;

/**
 * Likely cause of the last power change, from the log's newest entries (old to new) and the cause of Get System Restart Cause. Faults go before
 * wishes, an entry before the restart cause alone; undefined when nothing tells. IPMI 2.0 §28.11, §42.2
 */
export function causeOfPowerChange(
  entries: readonly SelEntry[],
  restartCause: number | undefined,
): PowerCause | undefined {
  const newest = entries.at(-1);
  const near =
    newest === undefined ? [] : entries.slice(-window.entries).filter((e) => isNear(e.time, newest.time));
  const best = near.reduce<{ rank: number; entry: SelEntry | undefined }>(
    (held, entry) => {
      const rank = rankOf(entry);
      // Of entries that explain as much the first one began it, and those after it may follow from it.
      return rank > held.rank ? { rank, entry } : held;
    },
    { rank: 0, entry: undefined },
  ).entry;
  if (best?.sensor !== undefined) {
    const name = best.sensor.name === undefined ? '' : ` (${best.sensor.name})`;
    return { text: `${best.sensor.typeName}: ${best.text}${name}`, recordId: best.recordId };
  }
  const unknown = 0;
  if (restartCause === undefined || restartCause === unknown) return undefined;
  return { text: restartCauseText(restartCause), recordId: undefined };
}
