export { ensureAdmin } from './auth/admin.ts';
export type { ApiHandle, ApiOptions } from './options.ts';
export { createApi } from './server.ts';
