import type { Uuid } from '../base/uuid.ts';

/** Whether new work may be placed in a zone or cluster. */
export type PlatformState = 'Enabled' | 'Disabled';

export interface Zone {
  readonly uuid: Uuid;
  readonly name: string;
  readonly description: string | undefined;
  readonly state: PlatformState;
  readonly type: 'zstack';
  readonly createDate: number;
  readonly lastOpDate: number;
}

export interface Cluster {
  readonly uuid: Uuid;
  readonly zoneUuid: Uuid;
  readonly name: string;
  readonly description: string | undefined;
  readonly state: PlatformState;
  readonly hypervisorType: string;
  readonly type: 'zstack';
  readonly createDate: number;
  readonly lastOpDate: number;
}

/** A cluster as other rooms name it. */
export type ClusterRef = Pick<Cluster, 'uuid' | 'name'>;

/** Types of resources that may carry tags, with ZStack's names. */
export const taggableTypes = [
  'ZoneVO',
  'ClusterVO',
  'AccountVO',
  'UserVO',
  'BaremetalChassisVO',
  'BaremetalPxeServerVO',
  'BaremetalHostCfgVO',
  'HostVO',
  'VmInstanceVO',
  'InstanceOfferingVO',
  'PciDeviceVO',
  'PciDeviceOfferingVO',
  'ImageVO',
  'StackTemplateVO',
  'UsbDeviceVO',
] as const;
export type TaggableType = (typeof taggableTypes)[number];

export interface Tag {
  readonly uuid: Uuid;
  readonly type: 'System' | 'User';
  readonly resourceType: TaggableType;
  readonly resourceUuid: Uuid;
  readonly tag: string;
  /** Set by the system itself; such a tag cannot be changed or deleted through the API. */
  readonly inherent: boolean;
  readonly createDate: number;
  readonly lastOpDate: number;
}

/** Something that a person should see. */
export interface Notification {
  readonly uuid: Uuid;
  /** A word of a closed set, e.g. `boot-failed`; what filters hang on. */
  readonly name: NotificationName;
  /** What happened and what to do, in English. */
  readonly content: string;
  readonly type: 'Info' | 'Warning' | 'Error';
  readonly status: 'Unread' | 'Read';
  /** The room that noticed. */
  readonly sender: string;
  readonly resourceType: string | undefined;
  readonly resourceUuid: string | undefined;
  /** Facts as a JSON text; never a secret. */
  readonly opaque: string | undefined;
  /** How often the same was seen while it was unread. */
  readonly occurrences: number;
  /** When it was last seen. */
  readonly time: number;
  readonly createDate: number;
  readonly lastOpDate: number;
}

/** Every kind of notification; docs/notifications.md says what each means. */
export const notificationNames = [
  'boot-failed',
  'rogue-dhcp',
  'kickstart-second-reader',
  'bmc-locked-out',
  'power-changed',
  'dhcp-pool-full',
  'dhcp-pool-forecast',
  'dhcp-conflict',
  'foreign-dhcp',
  'web-hook-dropped',
  'duplicate-machine',
  'host-disconnected',
  'host-key-changed',
  'vm-changed',
  'usb-device-changed',
  'pci-device-changed',
] as const;
export type NotificationName = (typeof notificationNames)[number];

/** One line of the audit log. */
export interface AuditEntry {
  readonly uuid: Uuid;
  readonly createDate: number;
  readonly accountUuid: string | undefined;
  readonly accountName: string | undefined;
  readonly userUuid: string | undefined;
  readonly userName: string | undefined;
  readonly remoteAddress: string | undefined;
  readonly api: string;
  readonly resourceType: string | undefined;
  readonly resourceUuid: string | undefined;
  readonly jobUuid: string | undefined;
  readonly outcome: 'Succeeded' | 'Failed' | 'Interrupted';
  readonly errorCode: string | undefined;
  readonly errorText: string | undefined;
  /** The call's parameters as a JSON text, secrets masked, at most 4096 characters. */
  readonly request: string | undefined;
  readonly durationMs: number | undefined;
}

/** A stored setting. `isSet` is false while the default holds. */
export interface StoredSetting {
  readonly uuid: Uuid;
  readonly category: string;
  readonly name: string;
  readonly description: string;
  readonly defaultValue: string;
  readonly value: string;
  readonly isSet: boolean;
  readonly createDate: number;
  readonly lastOpDate: number;
}
