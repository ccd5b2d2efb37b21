import type { Clock } from '../base/clock.ts';
import { messageOf } from '../base/errors.ts';
import type { Uuid } from '../base/uuid.ts';
import { type BmcSession, IpmiError, readSdr, type SdrReading } from '../ipmi/index.ts';

/** Sensor records of BMCs that were asked lately: reading them takes hundreds of commands, and they change with the hardware only. */
export interface SensorRecords {
  /** Rejects with IpmiError. */
  of(chassisUuid: Uuid, run: BmcSession['run']): Promise<SdrReading>;
  /** As `of`, with a problem in place of records where the BMC has none or does not tell. Rejects when the session fails. */
  orNone(chassisUuid: Uuid, run: BmcSession['run']): Promise<SdrReading>;
  forget(chassisUuid: Uuid): void;
}

/** Some hundred records each. */
const keptChassis = 64;
const keptMs = 600_000;

/** Builds an empty memory of records. */
export function createSensorRecords(clock: Clock): SensorRecords {
  const kept = new Map<Uuid, { readonly reading: SdrReading; readonly at: number }>();

  async function of(chassisUuid: Uuid, run: BmcSession['run']): Promise<SdrReading> {
    const known = kept.get(chassisUuid);
    if (known !== undefined && clock.now() - known.at < keptMs) return known.reading;
    const reading = await readSdr(run);
    kept.delete(chassisUuid);
    // What could not be read may be readable the next time.
    if (reading.problems.length === 0) kept.set(chassisUuid, { reading, at: clock.now() });
    const [oldest] = kept.keys();
    if (kept.size > keptChassis && oldest !== undefined) kept.delete(oldest);
    return reading;
  }

  return {
    of,
    async orNone(chassisUuid, run) {
      try {
        return await of(chassisUuid, run);
      } catch (error) {
        if (!(error instanceof IpmiError) || error.code !== 'command-failed') throw error;
        return { records: [], problems: [`sensors have no names: ${messageOf(error)}`] };
      }
    },
    forget: (chassisUuid) => void kept.delete(chassisUuid),
  };
}
