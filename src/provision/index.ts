export type { PowerAction, ProvisionErrorCode, ProvisionService } from './service.ts';
export { ProvisionError } from './service.ts';
