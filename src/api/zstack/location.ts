/** Host of RFC 9110 §7.2: a registered name or IPv4 address, or an IPv6 address in brackets, with an optional port. */
const hostPattern =
  /^(?:[A-Za-z0-9](?:[A-Za-z0-9._-]{0,252})|[A-Za-z0-9]|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?$/;

/** Where a job of this request can be polled. */
export interface LocationInput {
  readonly publicUrl: string | undefined;
  /** The caller came over TLS. */
  readonly secure?: boolean;
  readonly hostHeader: string | undefined;
  /** Used where the Host header is absent or malformed, e.g. `192.0.2.1:8080`. */
  readonly listenHost: string;
  /** The prefix that the caller used: `/v1` or `/zstack/v1`. */
  readonly prefix: string;
  readonly jobUuid: string;
}

/**
 * URL of a job: under the public URL if there is one (its own path, if any, replaces a `/zstack` prefix), else under the host
 * that the caller reached us by.
 */
export function jobLocation(input: LocationInput): string {
  const { publicUrl, secure = false, hostHeader, listenHost, prefix, jobUuid } = input;
  if (publicUrl !== undefined) {
    const hasPath = new URL(publicUrl).pathname !== '/';
    return `${publicUrl}${hasPath ? '/v1' : prefix}/api-jobs/${jobUuid}`;
  }
  const host = hostHeader !== undefined && hostPattern.test(hostHeader) ? hostHeader : listenHost;
  return `${secure ? 'https' : 'http'}://${host}${prefix}/api-jobs/${jobUuid}`;
}
