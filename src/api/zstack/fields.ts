import type { ResourceName } from '../ports.ts';

const dates = ['createDate', 'lastOpDate'] as const;

/** Plain members of each inventory, the ones that `fields` may name. */
export const primitiveFields = {
  pxeServer: [
    'uuid',
    'name',
    'description',
    'dhcpInterface',
    'dhcpRangeBegin',
    'dhcpRangeEnd',
    'dhcpRangeNetmask',
    'status',
    ...dates,
  ],
  chassis: [
    'uuid',
    'name',
    'description',
    'ipmiAddress',
    'ipmiPort',
    'ipmiUsername',
    'ipmiPassword',
    'status',
    'statusCause',
    'bootMode',
    ...dates,
  ],
  hostCfg: ['uuid', 'chassisUuid', 'password', 'vnc', 'unattended', ...dates],
  hardwareInfo: ['uuid', 'chassisUuid', 'type', 'content', ...dates],
} as const satisfies Record<ResourceName, readonly string[]>;

/** Members that hold a secret. */
export const secretFields: ReadonlySet<string> = new Set(['ipmiPassword', 'password']);
