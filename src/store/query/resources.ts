import type { ResourceName } from '../../api/ports.ts';

/** What a field holds; `numeral` is a number that the API shows as text. Dates are ms since the epoch. */
export type FieldKind = 'text' | 'integer' | 'numeral' | 'boolean' | 'date';

export interface Field {
  readonly column: string;
  readonly kind: FieldKind;
}

/** A list inside an inventory, e.g. the NICs of a hostcfg; `parent` is the column with the inventory's uuid. */
export interface Part {
  readonly table: string;
  readonly parent: string;
  readonly fields: Readonly<Record<string, Field>>;
}

/** A secret member: shown as stars when there is one, and never searched. */
export interface HiddenField {
  readonly name: string;
  readonly column: string;
}

/** How an inventory lies in the tables. SQL names come from here alone, never from a request. */
export interface Resource {
  readonly table: string;
  readonly fields: Readonly<Record<string, Field>>;
  readonly hidden: readonly HiddenField[];
  readonly parts: Readonly<Record<string, Part>>;
}

const text = (column: string): Field => ({ column, kind: 'text' });
const dates = {
  createDate: { column: 'create_date', kind: 'date' },
  lastOpDate: { column: 'last_op_date', kind: 'date' },
} as const satisfies Record<string, Field>;
const addresses = { ip: text('ip'), netmask: text('netmask'), gateway: text('gateway'), dns: text('dns') };

function hostCfgPart(table: string, own: Readonly<Record<string, Field>>): Part {
  const fields = {
    uuid: text('uuid'),
    hostCfgUuid: text('host_cfg_uuid'),
    ...own,
    ...addresses,
    ...dates,
  };
  return { table, parent: 'host_cfg_uuid', fields };
}

export const resources: Readonly<Record<ResourceName, Resource>> = {
  pxeServer: {
    table: 'pxe_server',
    fields: {
      uuid: text('uuid'),
      name: text('name'),
      description: text('description'),
      dhcpInterface: text('dhcp_interface'),
      dhcpRangeBegin: text('dhcp_range_begin'),
      dhcpRangeEnd: text('dhcp_range_end'),
      dhcpRangeNetmask: text('dhcp_range_netmask'),
      status: text('status'),
      ...dates,
    },
    hidden: [],
    parts: {},
  },
  chassis: {
    table: 'chassis',
    fields: {
      uuid: text('uuid'),
      name: text('name'),
      description: text('description'),
      ipmiAddress: text('ipmi_address'),
      ipmiPort: { column: 'ipmi_port', kind: 'numeral' },
      ipmiUsername: text('ipmi_username'),
      status: text('status'),
      statusCause: text('status_cause'),
      bootMode: text('boot_mode'),
      ...dates,
    },
    hidden: [{ name: 'ipmiPassword', column: 'ipmi_password_sealed' }],
    parts: {},
  },
  hostCfg: {
    table: 'host_cfg',
    fields: {
      uuid: text('uuid'),
      chassisUuid: text('chassis_uuid'),
      vnc: { column: 'vnc', kind: 'boolean' },
      unattended: { column: 'unattended', kind: 'boolean' },
      ...dates,
    },
    hidden: [{ name: 'password', column: 'password_sealed' }],
    parts: {
      nicCfgs: hostCfgPart('nic_cfg', { mac: text('mac'), pxe: { column: 'pxe', kind: 'boolean' } }),
      bondings: hostCfgPart('bonding_cfg', {
        name: text('name'),
        slaves: text('slaves'),
        mode: { column: 'mode', kind: 'numeral' },
      }),
      vlans: hostCfgPart('vlan_cfg', {
        parent: text('parent'),
        vlanId: { column: 'vlan_id', kind: 'integer' },
      }),
    },
  },
  hardwareInfo: {
    table: 'hardware_info',
    fields: {
      uuid: text('uuid'),
      chassisUuid: text('chassis_uuid'),
      type: text('type'),
      content: text('content'),
      ...dates,
    },
    hidden: [],
    parts: {},
  },
};
