import { ByteReader, ByteWriter, WireError } from '../../base/bytes.ts';
import { type Command, netFn } from '../commands/command.ts';

const usernameBytes = 16;

/** Who wants to log in, and how. IPMI 2.0 §22.16 */
export interface GetSessionChallengeRequest {
  readonly authType: number;
  /** At most 16 bytes; without trailing zeros. */
  readonly username: Uint8Array;
}

export interface GetSessionChallengeReply {
  /** Session id of the login only. */
  readonly temporaryId: number;
  /** 16 bytes. */
  readonly challenge: Uint8Array;
}

/** Get Session Challenge, the first step of an IPMI 1.5 login. IPMI 2.0 §22.16 */
export const getSessionChallenge: Command<GetSessionChallengeRequest, GetSessionChallengeReply> = {
  name: 'Get Session Challenge',
  netFn: netFn.app,
  cmd: 0x39,
  encodeRequest({ authType, username }) {
    if (username.length > usernameBytes)
      throw new WireError('too-long', 'challenge.username', 'is over 16 bytes');
    return new ByteWriter(17)
      .u8(authType)
      .bytes(username)
      .fill(usernameBytes - username.length)
      .done();
  },
  decodeRequest(data) {
    const r = new ByteReader(data);
    const authType = r.u8('challenge.authType') & 0x0f;
    const field = r.bytes(usernameBytes, 'challenge.username');
    const end = field.indexOf(0);
    return { authType, username: end < 0 ? field : field.slice(0, end) };
  },
  encodeReply: ({ temporaryId, challenge }) =>
    new ByteWriter(20).u32le(temporaryId).bytes(challenge.subarray(0, 16)).done(),
  decodeReply(data) {
    const r = new ByteReader(data);
    return { temporaryId: r.u32le('challenge.temporaryId'), challenge: r.bytes(16, 'challenge.challenge') };
  },
};
