import { genericStates } from './generic-states.ts';
import { specificState } from './specific-states.ts';
import type { StateRow } from './state-row.ts';

/** Event/reading types of threshold sensors and of sensor-specific states. IPMI 2.0 §42.1, table 42-1 */
export const readingType = { threshold: 0x01, specific: 0x6f } as const;

/** What a state (offset 0 to 14) of a sensor means; a row that names the offset where the standard has no words. IPMI 2.0 §42 */
export function stateOf(eventType: number, sensorType: number, offset: number): StateRow {
  const found =
    eventType === readingType.specific
      ? specificState(sensorType, offset)
      : genericStates.get(eventType)?.[offset];
  return found ?? { text: `state ${offset}`, severity: 'ok' };
}
