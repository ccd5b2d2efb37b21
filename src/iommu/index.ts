export type { IommuErrorCode } from './errors.ts';
export { IommuError } from './errors.ts';
export type { IommuService } from './service.ts';
export { createIommu } from './create.ts';
