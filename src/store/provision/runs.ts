import type { Database } from 'better-sqlite3';
import type { Uuid } from '../../base/uuid.ts';
import { noEvidence, type Run, type RunEvidence, type TimelineEntry } from '../../provision/model.ts';
import { parseJson } from '../json-column.ts';
import { fromNulls, type Nullable, toNulls } from '../nulls.ts';
import type { SecretBox } from '../secret-box.ts';

type Tokens = Pick<Run, 'bootToken' | 'kickstartToken' | 'reportToken'>;
type PlainRun = Omit<Run, keyof Tokens | 'evidence' | 'kickstartConsumed'>;
type RunRow = Nullable<PlainRun> & {
  readonly tokensSealed: Uint8Array;
  readonly evidence: string;
  readonly kickstartConsumed: number;
};
type TimelineRow = Nullable<TimelineEntry>;

const columns = `SELECT uuid, chassis_uuid AS chassisUuid, pxe_server_uuid AS pxeServerUuid, kind, stage,
  stage_since AS stageSince, started_at AS startedAt, ended_at AS endedAt, tokens_sealed AS tokensSealed,
  kickstart_consumed AS kickstartConsumed, mac, address, firmware, evidence, cause FROM run`;

/** Rows of runs and their timelines; the calls are parts of a larger transaction. */
export interface RunTable {
  save(run: Run): void;
  addTimeline(entries: readonly TimelineEntry[]): void;
  listOpen(): readonly Run[];
  latestOf(chassisUuid: Uuid): Run | undefined;
  timelineOf(runUuid: Uuid): readonly TimelineEntry[];
}

/** Prepares the statements of runs. The tokens are sealed: whoever reads the file must not be able to fetch a kickstart. */
export function createRunTable(db: Database, box: SecretBox): RunTable {
  const upsert = db.prepare<[RunRow]>(
    `INSERT INTO run (uuid, chassis_uuid, pxe_server_uuid, kind, stage, stage_since, started_at, ended_at, tokens_sealed,
       kickstart_consumed, mac, address, firmware, evidence, cause)
     VALUES (@uuid, @chassisUuid, @pxeServerUuid, @kind, @stage, @stageSince, @startedAt, @endedAt, @tokensSealed,
       @kickstartConsumed, @mac, @address, @firmware, @evidence, @cause)
     ON CONFLICT (uuid) DO UPDATE SET chassis_uuid = excluded.chassis_uuid, pxe_server_uuid = excluded.pxe_server_uuid,
       kind = excluded.kind, stage = excluded.stage, stage_since = excluded.stage_since,
       started_at = excluded.started_at, ended_at = excluded.ended_at, tokens_sealed = excluded.tokens_sealed,
       kickstart_consumed = excluded.kickstart_consumed, mac = excluded.mac, address = excluded.address,
       firmware = excluded.firmware, evidence = excluded.evidence, cause = excluded.cause`,
  );
  const insertLine = db.prepare<[TimelineRow]>(
    `INSERT INTO timeline (run_uuid, chassis_uuid, at, step, text, bytes)
       VALUES (@runUuid, @chassisUuid, @at, @step, @text, @bytes)`,
  );
  const open = db.prepare<[], RunRow>(`${columns} WHERE ended_at IS NULL ORDER BY started_at, uuid`);
  const latest = db.prepare<[string], RunRow>(
    `${columns} WHERE chassis_uuid = ? ORDER BY started_at DESC, rowid DESC LIMIT 1`,
  );
  const lines = db.prepare<[string], TimelineRow>(
    `SELECT run_uuid AS runUuid, chassis_uuid AS chassisUuid, at, step, text, bytes
       FROM timeline WHERE run_uuid = ? ORDER BY at, id`,
  );

  const place = (uuid: Uuid) => ({ table: 'run', uuid, column: 'tokens' });
  const read = (row: RunRow): Run => {
    const { tokensSealed, evidence, kickstartConsumed, ...plain } = row;
    return {
      ...fromNulls<PlainRun>(plain),
      ...(parseJson(box.open(place(row.uuid), tokensSealed), 'run.tokens', row.uuid) as Tokens),
      kickstartConsumed: kickstartConsumed === 1,
      evidence: { ...noEvidence, ...(parseJson(evidence, 'run.evidence', row.uuid) as Partial<RunEvidence>) },
    };
  };
  return {
    save({ bootToken, kickstartToken, reportToken, evidence, kickstartConsumed, ...plain }) {
      const tokens: Tokens = { bootToken, kickstartToken, reportToken };
      upsert.run({
        ...toNulls<PlainRun>(plain),
        tokensSealed: box.seal(place(plain.uuid), JSON.stringify(tokens)),
        evidence: JSON.stringify(evidence),
        kickstartConsumed: kickstartConsumed ? 1 : 0,
      });
    },
    addTimeline(entries) {
      for (const entry of entries) insertLine.run(toNulls(entry));
    },
    listOpen: () => open.all().map(read),
    latestOf(chassisUuid) {
      const row = latest.get(chassisUuid);
      return row && read(row);
    },
    timelineOf: (runUuid) => lines.all(runUuid).map((row) => fromNulls<TimelineEntry>(row)),
  };
}
