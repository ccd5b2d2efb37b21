import { ByteReader, WireError } from '../../../../base/bytes.ts';

/** Message types by their number. RFC 2132 §9.6 */
export const messageTypes = {
  discover: 1,
  offer: 2,
  request: 3,
  decline: 4,
  ack: 5,
  nak: 6,
  release: 7,
  inform: 8,
} as const;
export type MessageType = keyof typeof messageTypes;

const byNumber = new Map<number, MessageType>(
  Object.entries(messageTypes).map(([name, number]) => [number, name as MessageType]),
);

/** Option 53. Throws WireError for a number that RFC 2132 §9.6 does not name (leasequery and the like are not served). */
export function decodeMessageType(value: Uint8Array): MessageType {
  const r = new ByteReader(value);
  const number = r.u8('dhcp.options.53');
  r.end('dhcp.options.53');
  const type = byNumber.get(number);
  if (type === undefined) throw new WireError('bad-value', 'dhcp.options.53', `${number} is no message type`);
  return type;
}

export function encodeMessageType(type: MessageType): Uint8Array {
  return Uint8Array.of(messageTypes[type]);
}
