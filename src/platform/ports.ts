import type { Uuid } from '../base/uuid.ts';
import type {
  AuditEntry,
  Cluster,
  ClusterRef,
  Notification,
  StoredSetting,
  Tag,
  TaggableType,
  Zone,
} from './model.ts';

/** Resources that may belong to a cluster. */
export type PlacedResource = 'chassis' | 'pxeServer';

/** A resource and the cluster that it belongs to. */
interface Placed {
  readonly uuid: Uuid;
  readonly cluster: ClusterRef;
}

/**
 * Zones, clusters and what belongs to them. Writes resolve when durable; `save*` inserts or replaces by uuid; deleting what is not
 * there changes nothing. Deleting a zone deletes its clusters; what belonged to a deleted cluster then belongs to none.
 */
export interface PlacementStore {
  saveZone(zone: Zone): Promise<void>;
  getZone(uuid: string): Promise<Zone | undefined>;
  deleteZone(uuid: string): Promise<void>;
  saveCluster(cluster: Cluster): Promise<void>;
  getCluster(uuid: string): Promise<Cluster | undefined>;
  deleteCluster(uuid: string): Promise<void>;
  /** Sets or (undefined) clears the cluster of a resource. */
  assign(resource: PlacedResource, uuid: string, clusterUuid: Uuid | undefined): Promise<void>;
  clusterOf(resource: PlacedResource, uuid: string): Promise<Uuid | undefined>;
  /** Every resource that belongs to a cluster, with that cluster. */
  placed(resource: PlacedResource): Promise<readonly Placed[]>;
  /** Hosts that keep a cluster or (through its clusters) a zone from being deleted. */
  countHosts(where: { readonly zoneUuid: string } | { readonly clusterUuid: string }): Promise<number>;
}

/** Tags; they go with their resource in the same transaction. */
export interface TagStore {
  /** Anything but `added` writes nothing: the resource has that very tag already, or there is no such resource. */
  insertTag(tag: Tag): Promise<'added' | 'duplicate' | 'no-resource'>;
  /** False when another tag of the resource has that text. */
  replaceTag(tag: Tag): Promise<boolean>;
  getTag(uuid: string): Promise<Tag | undefined>;
  deleteTag(uuid: string): Promise<void>;
  listTags(resourceUuid: string): Promise<readonly Tag[]>;
  resourceExists(type: TaggableType, uuid: string): Promise<boolean>;
}

/** Notifications. */
export interface NotificationStore {
  /**
   * Adds one, or, when an unread one with the same name and resource is there, renews it: newest text and time, its occurrences
   * added. Keeps at most `keep` (the oldest read ones go first). True when it was added.
   */
  record(notification: Notification, keep: number): Promise<boolean>;
  setStatus(uuids: readonly string[], status: 'Unread' | 'Read', at: number): Promise<void>;
  deleteNotifications(uuids: readonly string[]): Promise<void>;
}

/** Values of settings. */
export interface SettingStore {
  listSettings(): Promise<readonly StoredSetting[]>;
  /** Inserts or replaces by category and name. */
  saveSettings(settings: readonly StoredSetting[]): Promise<void>;
  /** Forgets settings that this version does not have. */
  deleteSettings(uuids: readonly string[]): Promise<void>;
}

/** The audit log: nothing in it can be changed or removed. */
export interface AuditStore {
  append(entries: readonly AuditEntry[]): Promise<void>;
}

/** Everything that the platform keeps. */
export interface PlatformStore {
  readonly placement: PlacementStore;
  readonly tags: TagStore;
  readonly notifications: NotificationStore;
  readonly settings: SettingStore;
  readonly audit: AuditStore;
}
