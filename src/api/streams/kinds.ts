import type { Duplex } from 'node:stream';
import type { TaggableType } from '../../platform/index.ts';
import { apiPrefixes } from '../zstack/dispatch.ts';

/** Byte streams that a ticket opens over a WebSocket. */
export const streamKinds = {
  'usb-redirect': { api: 'OpenUsbRedirect' },
} as const satisfies Readonly<Record<string, { readonly api: string }>>;
export type StreamKind = keyof typeof streamKinds;

/** What a ticket opened, and for whom the audit log has it. */
export interface OpenedStream {
  readonly stream: Duplex;
  readonly accountUuid: string | undefined;
  readonly resourceType: TaggableType;
  readonly resourceUuid: string;
}

/** Takes a ticket; undefined when it is unknown, used or expired. A ticket opens at most once, even when this rejects. */
export type OpenTicket = (ticket: string) => Promise<OpenedStream | undefined>;

/** Route of a kind under one of the prefixes. */
export const streamUrl = (prefix: string, kind: StreamKind): string => `${prefix}/${kind}/:ticket`;

// Plain tickets only: whatever the router would refuse or decode must not leave the hands of Node's HTTP.
const paths = new RegExp(
  `^(?:${apiPrefixes.join('|')})/(?:${Object.keys(streamKinds).join('|')})/[0-9A-Za-z]{1,128}/?(?:\\?|$)`,
);

/** Whether a URL of a request is one of a stream. */
export function isStreamPath(url: string): boolean {
  return paths.test(url);
}
