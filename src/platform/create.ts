import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { RandomBytes } from '../base/random.ts';
import { createAuditLog } from './audit.ts';
import { createClusterService } from './clusters.ts';
import { createNotificationService } from './notifications.ts';
import type { PlatformStore } from './ports.ts';
import type {
  AuditLog,
  ClusterService,
  NotificationService,
  TagEffect,
  TagService,
  ZoneService,
} from './service.ts';
import { type SettingDefaults, type Settings, openSettings } from './settings.ts';
import { createTagService } from './tags.ts';
import { createZoneService } from './zones.ts';

/** What is not about machines: zones, clusters, tags, notifications, settings and the audit log. */
export interface Platform {
  readonly zones: ZoneService;
  readonly clusters: ClusterService;
  readonly tags: TagService;
  readonly notifications: NotificationService;
  readonly settings: Settings;
  readonly audit: AuditLog;
}

/** Builds the platform on its store and reads the settings. Rejects with StoreError. */
export async function createPlatform(deps: {
  readonly store: PlatformStore;
  /** Defaults that the configuration file decides. */
  readonly defaults: SettingDefaults;
  /** Told of system tags that came or went through the tag APIs. */
  readonly tagEffect: TagEffect;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly log: Logger;
}): Promise<Platform> {
  const { store, clock, random, log } = deps;
  const settings = await openSettings({ store: store.settings, defaults: deps.defaults, clock, random, log });
  return {
    zones: createZoneService({ store: store.placement, clock, random }),
    clusters: createClusterService({ store: store.placement, clock, random }),
    tags: createTagService({ store: store.tags, effect: deps.tagEffect, clock, random }),
    notifications: createNotificationService({ store: store.notifications, settings, clock, random, log }),
    settings,
    audit: createAuditLog({ store: store.audit, clock, random }),
  };
}
