import type { Tag, TaggableType } from '../../platform/model.ts';
import { taggableTypes } from '../../platform/model.ts';
import type { TagStore } from '../../platform/ports.ts';
import type { Session } from '../group-commit.ts';

type TagRow = Omit<Tag, 'inherent'> & { readonly inherent: number };

/** Where the resources of each type lie; each of these tables has a trigger that takes the tags of a deleted row along. */
const tables: Readonly<Record<TaggableType, string>> = {
  ZoneVO: 'zone',
  ClusterVO: 'cluster',
  AccountVO: 'account',
  UserVO: 'account_user',
  BaremetalChassisVO: 'chassis',
  BaremetalPxeServerVO: 'pxe_server',
  BaremetalHostCfgVO: 'host_cfg',
  HostVO: 'host',
  VmInstanceVO: 'vm_instance',
  InstanceOfferingVO: 'instance_offering',
  PciDeviceVO: 'pci_device',
  PciDeviceOfferingVO: 'pci_device_offering',
  ImageVO: 'image',
  StackTemplateVO: 'stack_template',
  UsbDeviceVO: 'usb_device',
};

const columns = `SELECT uuid, type, resource_type AS resourceType, resource_uuid AS resourceUuid, tag, inherent,
  create_date AS createDate, last_op_date AS lastOpDate FROM tag`;

/** System and user tags. */
export function createTagStore({ db, read, write }: Session): TagStore {
  const insert = db.prepare<[TagRow]>(
    `INSERT INTO tag (uuid, type, resource_type, resource_uuid, tag, inherent, create_date, last_op_date)
       VALUES (@uuid, @type, @resourceType, @resourceUuid, @tag, @inherent, @createDate, @lastOpDate)`,
  );
  const same = db.prepare<[{ resourceUuid: string; type: string; tag: string; uuid: string }], { n: 1 }>(
    `SELECT 1 AS n FROM tag WHERE resource_uuid = @resourceUuid AND type = @type AND tag = @tag AND uuid <> @uuid`,
  );
  const update = db.prepare<[{ uuid: string; tag: string; lastOpDate: number }]>(
    'UPDATE tag SET tag = @tag, last_op_date = @lastOpDate WHERE uuid = @uuid',
  );
  const byUuid = db.prepare<[string], TagRow>(`${columns} WHERE uuid = ?`);
  const ofResource = db.prepare<[string], TagRow>(
    `${columns} WHERE resource_uuid = ? ORDER BY create_date, uuid`,
  );
  const remove = db.prepare<[string]>('DELETE FROM tag WHERE uuid = ?');
  const existing = Object.fromEntries(
    taggableTypes.map((type) => [
      type,
      db.prepare<[string], 1>(`SELECT 1 FROM ${tables[type]} WHERE uuid = ?`).pluck(),
    ]),
  );
  const exists = (type: TaggableType, uuid: string): boolean => existing[type]?.get(uuid) === 1;
  const shown = (row: TagRow): Tag => ({ ...row, inherent: row.inherent === 1 });

  return {
    insertTag: (tag) =>
      write(() => {
        const { uuid, type, resourceUuid, tag: text } = tag;
        // In the same transaction: a resource deleted meanwhile would leave its tag behind for ever.
        if (!exists(tag.resourceType, resourceUuid)) return 'no-resource';
        if (same.get({ resourceUuid, type, tag: text, uuid })) return 'duplicate';
        insert.run({ ...tag, inherent: tag.inherent ? 1 : 0 });
        return 'added';
      }),
    replaceTag: ({ uuid, type, resourceUuid, tag, lastOpDate }) =>
      write(() => {
        if (same.get({ resourceUuid, type, tag, uuid })) return false;
        update.run({ uuid, tag, lastOpDate });
        return true;
      }),
    getTag: (uuid) =>
      read(() => {
        const row = byUuid.get(uuid);
        return row && shown(row);
      }),
    deleteTag: (uuid) => write(() => void remove.run(uuid)),
    listTags: (resourceUuid) => read(() => ofResource.all(resourceUuid).map(shown)),
    resourceExists: (type, uuid) => read(() => exists(type, uuid)),
  };
}
