export type { DhcpServerOptions } from './options.ts';
export { createDhcpServer, type DhcpServerDeps } from './server.ts';
