import type { Uuid } from '../base/uuid.ts';
import type { AuditEntry, ClusterRef, Notification, TaggableType } from './model.ts';
import type { PlacedResource } from './ports.ts';

/** Zones. Creates answer the new uuid; everything rejects with PlatformError. Deleting what does not exist succeeds. */
export interface ZoneService {
  createZone(input: { name: string; description?: string; resourceUuid?: string }): Promise<Uuid>;
  updateZone(uuid: string, change: { name?: string; description?: string }): Promise<void>;
  changeZoneState(uuid: string, event: 'enable' | 'disable'): Promise<void>;
  deleteZone(uuid: string): Promise<void>;
}

/** Clusters, and what belongs to them. */
export interface ClusterService {
  createCluster(input: {
    zoneUuid: string;
    name: string;
    description?: string;
    hypervisorType: string;
    resourceUuid?: string;
  }): Promise<Uuid>;
  updateCluster(uuid: string, change: { name?: string; description?: string }): Promise<void>;
  changeClusterState(uuid: string, event: 'enable' | 'disable'): Promise<void>;
  deleteCluster(uuid: string): Promise<void>;
  /** Rejects `not-found` unless the cluster exists; none at all (empty or `null`) is fine. */
  checkCluster(clusterUuid: string): Promise<void>;
  /** Puts a resource into a cluster; undefined, empty or `null` takes it out. */
  assign(resource: PlacedResource, uuid: string, clusterUuid: string | undefined): Promise<void>;
  /**
   * What a provisioning run asks: the cluster of a chassis, why nothing may be placed there now (undefined when it may), and the
   * cluster of every PXE server that belongs to one.
   */
  placementOf(chassisUuid: string): Promise<{
    readonly cluster: ClusterRef | undefined;
    readonly refusal: string | undefined;
    readonly serverClusters: ReadonlyMap<Uuid, ClusterRef>;
  }>;
}

/** Tags given to a resource at its creation. */
export interface GivenTags {
  readonly systemTags: readonly string[];
  readonly userTags: readonly string[];
}

/** Tags. System tags must match a known pattern of the resource's type; user tags are free text. */
export interface TagService {
  createTag(
    type: 'System' | 'User',
    input: { resourceType: string; resourceUuid: string; tag: string },
  ): Promise<Uuid>;
  updateSystemTag(uuid: string, tag: string): Promise<void>;
  deleteTag(uuid: string): Promise<void>;
  /** Rejects `invalid-argument` when a tag given for a new resource of that type is not one of ours. */
  checkGiven(resourceType: TaggableType, given: GivenTags): void;
  /** Stores the lasting tags of a resource that was just made or changed; a tag that it has already is left alone. */
  attach(resourceType: TaggableType, resourceUuid: Uuid, given: GivenTags): Promise<void>;
  /** The value of the system tag `name::value` of a resource; undefined when it has none. */
  valueOf(resourceUuid: Uuid, name: string): Promise<string | undefined>;
  /** Sets the system tag `name::value` of a resource, of which it has one at most; undefined takes it away. No effect is told. */
  put(resourceType: TaggableType, resourceUuid: Uuid, name: string, value: string | undefined): Promise<void>;
}

/** What a system tag changes besides being stored: called after a tag came or went through the tag APIs. */
export type TagEffect = (change: {
  readonly resourceType: TaggableType;
  readonly resourceUuid: Uuid;
  readonly added: string | undefined;
  readonly removed: string | undefined;
}) => Promise<void>;

/** What a room tells when a person should see something; sender, uuid and dates are filled in. */
export type NewNotification = Pick<Notification, 'name' | 'content' | 'type' | 'sender'> &
  Partial<Pick<Notification, 'resourceType' | 'resourceUuid'>> & {
    readonly opaque?: Readonly<Record<string, unknown>>;
  };

/** Notifications. `notify` never throws and never blocks: a fault is logged. */
export interface NotificationService {
  notify(notification: NewNotification): void;
  setStatus(uuids: readonly string[], status: 'Unread' | 'Read'): Promise<void>;
  deleteNotifications(uuids: readonly string[]): Promise<void>;
}

/** The audit log. */
export interface AuditLog {
  append(entry: Omit<AuditEntry, 'uuid' | 'createDate'>): Promise<void>;
}
