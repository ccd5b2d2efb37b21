import type { PlatformStore } from '../../platform/ports.ts';
import type { Session } from '../group-commit.ts';
import { createAuditStore } from './audit.ts';
import { createNotificationStore } from './notifications.ts';
import { createPlacementStore } from './placement.ts';
import { createSettingStore } from './settings.ts';
import { createTagStore } from './tags.ts';

/** Storage of the platform. */
export function createPlatformStore(session: Session): PlatformStore {
  return {
    placement: createPlacementStore(session),
    tags: createTagStore(session),
    notifications: createNotificationStore(session),
    settings: createSettingStore(session),
    audit: createAuditStore(session),
  };
}
