import type { LookupAddress } from 'node:dns';
import { get as httpGet, type IncomingMessage, type RequestOptions } from 'node:http';
import { get as httpsGet } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Addresses } from './inside.ts';
import { hostOf, openTunnel, type Proxy, proxyDenial, proxyHeaders } from './proxy.ts';

/** How servers are found and reached. */
export interface Roads {
  readonly addresses: Addresses;
  /** The proxy that a URL is asked through; undefined: none. */
  readonly proxyFor: (url: URL) => Proxy | undefined;
}

/** One server that is asked: the first, or one that another redirected to. */
export interface Hop {
  readonly url: URL;
  /** Where it is asked; looked up once, so that it cannot be elsewhere when it is asked. Empty where the proxy looks it up. */
  readonly addresses: readonly LookupAddress[];
  /** True for this machine itself and its links. */
  readonly isInside: boolean;
  readonly proxy: Proxy | undefined;
}

/**
 * Finds out where a URL leads; rejects when its name has no address and no proxy is there to know it. `isGiven`: it comes from a person, not
 * from a server, so a proxy gets a name without our asking for it first. This machine itself is never asked through a proxy, whose own
 * inside would answer.
 */
export async function findHop(url: URL, isGiven: boolean, { addresses, proxyFor }: Roads): Promise<Hop> {
  const host = hostOf(url);
  const proxy = proxyFor(url);
  const isLocal = isIP(host) !== 0 || /(?:^|\.)localhost$/.test(host);
  if (proxy !== undefined && isGiven && !isLocal) return { url, addresses: [], isInside: false, proxy };
  const found = await addresses.resolve(host).catch((error: unknown) => {
    if (proxy === undefined) throw error;
    return [];
  });
  const isInside = found.some((address) => addresses.isInside(address));
  return { url, addresses: found, isInside, proxy: isInside ? undefined : proxy };
}

/** Sends a GET and resolves with the answer, its body not yet read; rejects with what the network says. */
export async function askHop(
  hop: Hop,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const { url, addresses, proxy } = hop;
  if (proxy === undefined)
    // A connection of its own: one that is kept may be closed by the server just when it is used again.
    return answered(url, { headers, agent: false, signal, lookup: knownAddresses(addresses) });
  if (url.protocol === 'https:') {
    const socket = await openTunnel(proxy, url, signal);
    const host = hostOf(url);
    // A server name is a name, never an address. RFC 6066 §3
    const servername = isIP(host) === 0 ? host : '';
    const createConnection = () => connectTls({ socket, host, servername, ALPNProtocols: ['http/1.1'] });
    return answered(url, { headers, signal, createConnection });
  }
  // The whole URL, so that the proxy knows the server. RFC 9112 §3.2.2
  const path = `http://${url.host}${url.pathname}${url.search}`;
  const { host: hostname, port } = proxy;
  const ours = { ...headers, host: url.host, ...proxyHeaders(proxy) };
  const response = await answered(url, { hostname, port, path, headers: ours, agent: false, signal });
  if (response.statusCode !== 407) return response;
  response.destroy();
  throw proxyDenial(proxy);
}

function answered(url: URL, options: RequestOptions): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = (url.protocol === 'https:' ? httpsGet : httpGet)(url, options);
    request.once('response', resolve);
    request.on('error', reject);
  });
}

/** A lookup that knows one host only. */
function knownAddresses(addresses: readonly LookupAddress[]): LookupFunction {
  return (_host, options, found) => {
    const [first] = addresses;
    if (options.all === true) found(null, [...addresses]);
    else found(null, first?.address ?? '', first?.family);
  };
}
