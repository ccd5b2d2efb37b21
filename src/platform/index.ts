export type { PlatformErrorCode } from './errors.ts';
export { PlatformError } from './errors.ts';
export type { Platform } from './create.ts';
export { createPlatform } from './create.ts';
export type { AuditEntry, TaggableType } from './model.ts';
export type { NewNotification } from './service.ts';
export type { SettingDefaults, Settings } from './settings.ts';
