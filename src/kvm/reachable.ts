/** An address of a host to connect to, for one that something on it listens on. */
export function reachable(listen: string | undefined): string {
  if (listen === undefined || listen === '' || listen === '0.0.0.0') return '127.0.0.1';
  return listen === '::' ? '::1' : listen;
}
