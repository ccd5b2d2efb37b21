import type * as fc from 'fast-check';
import type { Command } from '../../../src/ipmi/commands/command.ts';
import { describeCodec } from '../../support/codec-properties.ts';

/** The codec properties for both directions of a command. */
export function describeCommand<Request, Reply>(
  command: Command<Request, Reply>,
  requests: fc.Arbitrary<Request>,
  replies: fc.Arbitrary<Reply>,
): void {
  const { name, encodeRequest, decodeRequest, encodeReply, decodeReply } = command;
  describeCodec({ name: `${name} request`, values: requests, encode: encodeRequest, decode: decodeRequest });
  describeCodec({ name: `${name} reply`, values: replies, encode: encodeReply, decode: decodeReply });
}
