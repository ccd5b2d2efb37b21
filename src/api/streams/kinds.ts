import type { Duplex } from 'node:stream';
import type { ViewerChannel } from '../../console/index.ts';
import type { TaggableType } from '../../platform/index.ts';
import { apiPrefixes } from '../zstack/dispatch.ts';

/** What a ticket opens over a WebSocket; `most` open at once. */
export const streamKinds = {
  'usb-redirect': { api: 'OpenUsbRedirect', most: 256 },
  /** More than the console room lets in, which says so by its own words. */
  console: { api: 'OpenConsole', most: 1100 },
  'console-screen': { api: 'OpenConsoleScreen', most: 256 },
} as const satisfies Readonly<Record<string, { readonly api: string; readonly most: number }>>;
export type StreamKind = keyof typeof streamKinds;

/** For whom the audit log has what was opened. */
interface OpenedFor {
  readonly accountUuid: string | undefined;
  readonly accountName?: string | undefined;
  readonly resourceType: TaggableType;
  readonly resourceUuid: string;
}

/** Bytes both ways. */
export interface OpenedStream extends OpenedFor {
  readonly stream: Duplex;
}

/** Whole frames both ways, text and bytes. One of the two is called, once. */
export interface OpenedFrames extends OpenedFor {
  attach(channel: ViewerChannel, remoteAddress: string): void;
  abandon(): void;
}

export type Opened = OpenedStream | OpenedFrames;

/** Takes a ticket; undefined when it is unknown, used or expired. A ticket opens at most once, even when this rejects. */
export type OpenTicket = (ticket: string) => Promise<Opened | undefined>;

/** Where plain VNC viewers in browsers look for a screen, with the ticket as `token`. */
const websockifyUrls = ['/websockify', '/zstack/websockify'];

/** Routes of a kind. */
export const streamUrls = (kind: StreamKind): readonly string[] => [
  ...apiPrefixes.map((prefix) => `${prefix}/${kind}/:ticket`),
  ...(kind === 'console-screen' ? websockifyUrls : []),
];

// Plain tickets only: whatever the router would refuse or decode must not leave the hands of Node's HTTP.
const paths = new RegExp(
  `^(?:${apiPrefixes.join('|')})/(?:${Object.keys(streamKinds).join('|')})/[0-9A-Za-z]{1,128}/?(?:\\?|$)`,
);
const websockifyPaths = new RegExp(`^(?:${websockifyUrls.join('|')})/?\\?token=[0-9A-Za-z]{1,128}(?:&|$)`);

/** Whether a URL of a request is one of a stream. */
export function isStreamPath(url: string): boolean {
  return paths.test(url) || websockifyPaths.test(url);
}
