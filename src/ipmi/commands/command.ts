/** Network functions in use; a reply has the number plus one. IPMI 2.0 §5.1, table 5-1 */
export const netFn = { chassis: 0x00, sensor: 0x04, app: 0x06, storage: 0x0a, transport: 0x0c } as const;

/**
 * One IPMI command: its numbers, and codecs for both directions. Request bytes are without IPMI message header, reply bytes without the
 * completion code. Decoders throw WireError; replies may be longer than the standard says, as boards append bytes of their own.
 */
export interface Command<Request, Reply> {
  /** For error texts, e.g. `Chassis Control`. */
  readonly name: string;
  readonly netFn: number;
  readonly cmd: number;
  readonly encodeRequest: (request: Request) => Uint8Array;
  readonly decodeRequest: (data: Uint8Array) => Request;
  readonly encodeReply: (reply: Reply) => Uint8Array;
  readonly decodeReply: (data: Uint8Array) => Reply;
}

/** Codec halves for a request or reply without data. */
export const nothing = {
  encode: (): Uint8Array => new Uint8Array(),
  decode: (): undefined => undefined,
} as const;
