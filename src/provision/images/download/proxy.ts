import { request } from 'node:http';
import { BlockList, isIP, type Socket } from 'node:net';
import { DownloadFailure } from './room.ts';

/** The proxy that requests to other machines go through. */
export interface ProxySettings {
  /** `http://[user:password@]host[:port]`; a secret where it has a password. */
  readonly url: string;
  /** Names (with all names below them), addresses and subnets (CIDR) that are asked directly. */
  readonly except: readonly string[];
}

/** Where the proxy listens, and what it wants to hear. */
export interface Proxy {
  readonly host: string;
  readonly port: number;
  /** Value of Proxy-Authorization; a secret. */
  readonly authorization: string | undefined;
}

/** Says which proxy a URL is asked through; undefined: none. Without settings it never is one. */
export function createProxyChoice(settings: ProxySettings | undefined): (url: URL) => Proxy | undefined {
  if (settings === undefined) return () => undefined;
  const proxy = readProxy(new URL(settings.url));
  const addresses = new BlockList();
  const names: string[] = [];
  for (const entry of settings.except) {
    const [address = '', bits] = entry.split('/');
    const family = isIP(address);
    if (family === 0) names.push(entry.toLowerCase().replace(/^\*?\./, ''));
    else
      addresses.addSubnet(address, Number(bits ?? (family === 6 ? 128 : 32)), `ipv${family === 6 ? 6 : 4}`);
  }
  return (url) => {
    const host = hostOf(url);
    const family = isIP(host);
    const isExcepted =
      family === 0
        ? names.some((name) => host === name || host.endsWith(`.${name}`))
        : addresses.check(host, family === 6 ? 'ipv6' : 'ipv4');
    return isExcepted ? undefined : proxy;
  };
}

/** The host of a URL without the brackets of IPv6 and without the dot of a whole name. */
export function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$|\.$/g, '');
}

function readProxy(url: URL): Proxy {
  const { username, password, port } = url;
  const user = `${plain(username)}:${plain(password)}`;
  return {
    host: hostOf(url),
    port: port === '' ? 80 : Number(port),
    authorization: user === ':' ? undefined : `Basic ${Buffer.from(user).toString('base64')}`,
  };
}

/** Percent-decoded; a lone percent sign stands for itself. */
function plain(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** Headers for the proxy alone. */
export function proxyHeaders({ authorization }: Proxy): Readonly<Record<string, string>> {
  return authorization === undefined ? {} : { 'proxy-authorization': authorization };
}

/** What is wrong when a proxy wants to know who asks. RFC 9110 §15.5.8 */
export function proxyDenial({ authorization }: Proxy): DownloadFailure {
  return new DownloadFailure(
    authorization === undefined
      ? 'the proxy wants a user and a password (status 407); give them in images.proxy'
      : 'the proxy does not accept the user and the password of images.proxy (status 407)',
  );
}

/**
 * Opens a tunnel through the proxy to the host and port of an https URL. Rejects with DownloadFailure when the proxy does not want to, else
 * with what the network says. RFC 9110 §9.3.6
 */
export function openTunnel(proxy: Proxy, url: URL, signal: AbortSignal): Promise<Socket> {
  const authority = `${url.hostname}:${url.port === '' ? 443 : url.port}`;
  return new Promise((resolve, reject) => {
    const connect = request({
      method: 'CONNECT',
      host: proxy.host,
      port: proxy.port,
      path: authority,
      headers: { host: authority, 'user-agent': 'rackwright', ...proxyHeaders(proxy) },
      agent: false,
      signal,
    });
    connect.on('error', reject);
    connect.once('connect', ({ statusCode = 0 }, socket: Socket, head) => {
      const fault = tunnelFault(statusCode, head.length, proxy);
      if (fault === undefined && !signal.aborted) return resolve(socket);
      socket.on('error', () => undefined).destroy();
      reject(fault ?? (signal.reason as Error));
    });
    connect.end();
  });
}

function tunnelFault(status: number, early: number, proxy: Proxy): Error | undefined {
  if (status === 407) return proxyDenial(proxy);
  if (status >= 500) return new Error(`the proxy does not reach the server (status ${status})`);
  if (status < 200 || status > 299)
    return new DownloadFailure(`the proxy does not let us reach the server (status ${status})`);
  // In TLS the client speaks first.
  return early > 0 ? new Error('the proxy sent bytes that no server can have sent') : undefined;
}
