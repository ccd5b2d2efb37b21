import {
  commonText,
  dates,
  defineResource,
  integer,
  optionalInteger,
  optionalText,
  text,
  toMany,
  toOne,
} from '../resource.ts';

type FactKind = 'text' | 'integer' | 'boolean' | 'date';

/** A member of what the host said when it was last looked at. */
function fact<Kind extends FactKind>(kind: Kind, member: string) {
  return { kind, column: `(host.facts ->> '$.${member}')`, optional: true } as const;
}

/** What VMs that are not stopped take of their host. */
const taken = (column: string): string =>
  `(SELECT coalesce(sum(vm_instance.${column}), 0) FROM vm_instance WHERE vm_instance.host_uuid = host.uuid
     AND vm_instance.state NOT IN ('Created', 'Stopped', 'Destroyed'))`;

/** The tag `reservedMemory::{number}[KMGT]` in bytes. */
const reserved = `(SELECT coalesce(max(CAST(substr(tag.tag, 17) AS INTEGER) * CASE upper(substr(tag.tag, -1))
     WHEN 'K' THEN 1024 WHEN 'M' THEN 1048576 WHEN 'G' THEN 1073741824 WHEN 'T' THEN 1099511627776 ELSE 1 END), 0)
   FROM tag WHERE tag.resource_uuid = host.uuid AND tag.type = 'System' AND tag.tag GLOB 'reservedMemory::*')`;

/** What is left of a capacity; more may be given than there is. */
const left = (member: string, used: string) =>
  ({ kind: 'integer', column: `max(0, (host.facts ->> '$.${member}') - ${used})`, optional: true }) as const;

/** KVM hosts and their USB devices. */
export const hosts = {
  host: defineResource({
    name: 'host',
    inventory: 'HostInventory',
    table: 'host',
    fields: {
      uuid: text,
      name: text,
      description: optionalText,
      clusterUuid: commonText,
      zoneUuid: {
        kind: 'text',
        column: '(SELECT zone_uuid FROM cluster WHERE cluster.uuid = host.cluster_uuid)',
      },
      managementIp: text,
      hypervisorType: text,
      state: commonText,
      status: text,
      statusCause: optionalText,
      connection: text,
      username: optionalText,
      sshPort: optionalInteger,
      hostKey: optionalText,
      totalCpuCapacity: fact('integer', 'cpuNum'),
      availableCpuCapacity: left('cpuNum', taken('cpu_num')),
      totalMemoryCapacity: fact('integer', 'memorySize'),
      availableMemoryCapacity: left('memorySize', `(${reserved} + ${taken('memory_size')})`),
      cpuSockets: fact('integer', 'cpuSockets'),
      cpuNum: fact('integer', 'cpuNum'),
      cpuModel: fact('text', 'cpuModel'),
      architecture: fact('text', 'architecture'),
      hostName: fact('text', 'hostName'),
      osRelease: fact('text', 'osRelease'),
      kernelVersion: fact('text', 'kernelVersion'),
      libvirtVersion: fact('text', 'libvirtVersion'),
      qemuVersion: fact('text', 'qemuVersion'),
      hasKvm: fact('boolean', 'hasKvm'),
      systemUuid: fact('text', 'systemUuid'),
      bridges: { kind: 'json', column: "(host.facts -> '$.bridges')", optional: true },
      bootDate: fact('date', 'bootTime'),
      ...dates,
    },
    relations: {
      cluster: toOne('cluster', 'cluster_uuid'),
      zone: {
        resource: 'zone',
        here: 'cluster_uuid',
        via: { table: 'cluster', here: 'uuid', there: 'zone_uuid' },
        there: 'uuid',
        many: false,
      },
      vmInstances: toMany('vmInstance', 'host_uuid', { aliases: ['vmInstance'] }),
      pciDevices: toMany('pciDevice', 'host_uuid', { aliases: ['pciDevice'] }),
      usbDevices: toMany('usbDevice', 'host_uuid', { aliases: ['usbDevice'] }),
    },
    tagType: 'HostVO',
  }),
  usbDevice: defineResource({
    name: 'usbDevice',
    inventory: 'UsbDeviceInventory',
    table: 'usb_device',
    fields: {
      uuid: text,
      name: text,
      hostUuid: text,
      vmInstanceUuid: optionalText,
      state: commonText,
      status: commonText,
      portPath: text,
      busNum: integer,
      devNum: integer,
      idVendor: { kind: 'text', column: 'vendor_id' },
      idProduct: { kind: 'text', column: 'product_id' },
      iManufacturer: { kind: 'text', column: 'manufacturer', optional: true },
      iProduct: { kind: 'text', column: 'product', optional: true },
      iSerial: { kind: 'text', column: 'serial', optional: true },
      usbVersion: optionalText,
      deviceClass: optionalText,
      ...dates,
    },
    relations: { host: toOne('host', 'host_uuid'), vmInstance: toOne('vmInstance', 'vm_instance_uuid') },
    tagType: 'UsbDeviceVO',
  }),
} as const;
