import type { StoredSetting } from '../../platform/model.ts';
import type { SettingStore } from '../../platform/ports.ts';
import type { Session } from '../group-commit.ts';

type SettingRow = Omit<StoredSetting, 'isSet'> & { readonly isSet: number };

/** Settings as the API lists them, with their values. */
export function createSettingStore({ db, read, write }: Session): SettingStore {
  const all = db.prepare<[], SettingRow>(
    `SELECT uuid, category, name, description, default_value AS defaultValue, value, is_set AS isSet,
      create_date AS createDate, last_op_date AS lastOpDate FROM global_config ORDER BY category, name`,
  );
  const save = db.prepare<[SettingRow]>(
    `INSERT INTO global_config
         (uuid, category, name, description, default_value, value, is_set, create_date, last_op_date)
       VALUES (@uuid, @category, @name, @description, @defaultValue, @value, @isSet, @createDate, @lastOpDate)
     ON CONFLICT (category, name) DO UPDATE SET description = excluded.description,
       default_value = excluded.default_value, value = excluded.value, is_set = excluded.is_set,
       last_op_date = excluded.last_op_date`,
  );
  const remove = db.prepare<[string]>('DELETE FROM global_config WHERE uuid = ?');
  return {
    listSettings: () => read(() => all.all().map((row) => ({ ...row, isSet: row.isSet === 1 }))),
    saveSettings: (settings) =>
      write(() => {
        for (const setting of settings) save.run({ ...setting, isSet: setting.isSet ? 1 : 0 });
      }),
    deleteSettings: (uuids) =>
      write(() => {
        for (const uuid of uuids) remove.run(uuid);
      }),
  };
}
