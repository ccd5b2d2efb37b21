export type { DhcpServerOptions } from './options.ts';
export { createDhcpServer } from './server.ts';
export type { DhcpServerDeps } from './server-deps.ts';
