import type { Database } from 'better-sqlite3';
import type { Uuid } from '../../base/uuid.ts';
import type { HardwareInfo } from '../../provision/model.ts';

/** Rows of inspection results; the calls are parts of a larger transaction. */
export interface HardwareInfoTable {
  replace(chassisUuid: Uuid, rows: readonly HardwareInfo[]): void;
  list(chassisUuid: Uuid): readonly HardwareInfo[];
}

/** Prepares the statements of hardware info. */
export function createHardwareInfoTable(db: Database): HardwareInfoTable {
  const remove = db.prepare<[string]>('DELETE FROM hardware_info WHERE chassis_uuid = ?');
  const insert = db.prepare<[HardwareInfo & { readonly position: number }]>(
    `INSERT INTO hardware_info (uuid, chassis_uuid, position, type, content, create_date, last_op_date)
       VALUES (@uuid, @chassisUuid, @position, @type, @content, @createDate, @lastOpDate)`,
  );
  const select = db.prepare<[string], HardwareInfo>(
    `SELECT uuid, chassis_uuid AS chassisUuid, type, content, create_date AS createDate, last_op_date AS lastOpDate
       FROM hardware_info WHERE chassis_uuid = ? ORDER BY position`,
  );
  return {
    replace(chassisUuid, rows) {
      remove.run(chassisUuid);
      for (const [position, row] of rows.entries()) insert.run({ ...row, position });
    },
    list: (chassisUuid) => select.all(chassisUuid),
  };
}
