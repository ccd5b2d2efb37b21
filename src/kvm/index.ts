export type { KvmErrorCode } from './errors.ts';
export { KvmError } from './errors.ts';
export type { Host, VmInstance } from './model.ts';
export type { KvmNotice, Notify } from './ports.ts';
export type { RawProbe } from './probe/raw.ts';
export type {
  CatalogueService,
  HostConnections,
  HostObserver,
  HostService,
  UsbService,
  VmService,
} from './service.ts';
export { lastPartOf, readSysfsLinks, readSysfsValues } from './parse/sysfs.ts';
