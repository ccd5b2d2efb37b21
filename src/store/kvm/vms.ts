import type { Database } from 'better-sqlite3';
import type { Uuid } from '../../base/uuid.ts';
import type { VmInstance, VmNic } from '../../kvm/model.ts';
import type { KvmStore } from '../../kvm/ports.ts';
import type { Session } from '../group-commit.ts';
import { fromNulls, type Nullable, toNulls } from '../nulls.ts';
import { createRowTable } from '../row-table.ts';

type VmStore = Pick<KvmStore, 'saveVm' | 'getVm' | 'listVmsOf' | 'listVms' | 'deleteVm' | 'saveDomains'>;
type PlainVm = Omit<VmInstance, 'nics'>;

/** The ordered NICs of VMs. A NIC keeps the date at which it was first seen. */
function createNicTable(db: Database) {
  const upsert = db.prepare<
    [Nullable<VmNic> & { vmUuid: Uuid; position: number; createDate: number; lastOpDate: number }]
  >(
    `INSERT INTO vm_nic (uuid, vm_instance_uuid, position, l3_network_uuid, mac, bridge, device_id, create_date, last_op_date)
       VALUES (@uuid, @vmUuid, @position, @l3NetworkUuid, @mac, @bridge, @deviceId, @createDate, @lastOpDate)
     ON CONFLICT (uuid) DO UPDATE SET vm_instance_uuid = excluded.vm_instance_uuid, position = excluded.position,
       l3_network_uuid = excluded.l3_network_uuid, mac = excluded.mac, bridge = excluded.bridge,
       device_id = excluded.device_id, last_op_date = excluded.last_op_date`,
  );
  const keep = db.prepare<[string, string]>(
    'DELETE FROM vm_nic WHERE vm_instance_uuid = ? AND uuid NOT IN (SELECT value FROM json_each(?))',
  );
  const select = db.prepare<[string], Nullable<VmNic>>(
    `SELECT uuid, mac, bridge, l3_network_uuid AS l3NetworkUuid, device_id AS deviceId FROM vm_nic
       WHERE vm_instance_uuid = ? ORDER BY position`,
  );
  return {
    of: (vmUuid: Uuid): readonly VmNic[] => select.all(vmUuid).map((row) => fromNulls<VmNic>(row)),
    replace({ uuid: vmUuid, nics, lastOpDate }: VmInstance): void {
      keep.run(vmUuid, JSON.stringify(nics.map(({ uuid }) => uuid)));
      for (const [position, nic] of nics.entries()) {
        upsert.run({ ...toNulls(nic), vmUuid, position, createDate: lastOpDate, lastOpDate });
      }
    },
  };
}

/** VMs with their NICs. */
export function createVmStore({ db, read, write }: Session): VmStore {
  const vms = createRowTable<PlainVm>(db, 'vm_instance', {
    uuid: 'plain',
    name: 'plain',
    description: 'plain',
    hostUuid: 'plain',
    lastHostUuid: 'plain',
    clusterUuid: 'plain',
    zoneUuid: 'plain',
    instanceOfferingUuid: 'plain',
    imageUuid: 'plain',
    isoUuid: 'plain',
    platform: 'plain',
    type: 'plain',
    hypervisorType: 'plain',
    memorySize: 'plain',
    cpuNum: 'plain',
    allocatorStrategy: 'plain',
    state: 'plain',
    domain: 'json',
    createDate: 'plain',
    lastOpDate: 'plain',
  });
  const nics = createNicTable(db);
  const all = vms.list('ORDER BY create_date, uuid');
  const ofHost = vms.list(
    'WHERE host_uuid = ? OR (host_uuid IS NULL AND last_host_uuid = ?) ORDER BY create_date, uuid',
  );
  const shown = (vm: PlainVm): VmInstance => ({ ...vm, nics: nics.of(vm.uuid) });
  const save = (vm: VmInstance): void => {
    vms.save(vm);
    nics.replace(vm);
  };
  return {
    saveVm: (vm) => write(() => save(vm)),
    getVm: (uuid) =>
      read(() => {
        const vm = vms.get(uuid);
        return vm && shown(vm);
      }),
    listVmsOf: (hostUuid) => read(() => ofHost(hostUuid, hostUuid).map(shown)),
    listVms: () => read(() => all().map(shown)),
    deleteVm: (uuid) => write(() => vms.delete(uuid)),
    saveDomains: ({ saved, gone }) =>
      write(() => {
        for (const uuid of gone) vms.delete(uuid);
        for (const vm of saved) save(vm);
      }),
  };
}
