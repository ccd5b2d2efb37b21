import { ByteReader, ByteWriter, WireError } from '../../../base/bytes.ts';
import { type Command, netFn, nothing } from '../command.ts';

const nameBytes = 16;

function encodeName(name: string): Uint8Array {
  const codes = Array.from(name, (char) => char.codePointAt(0) ?? 0);
  if (codes.length > nameBytes || codes.some((code) => code === 0 || code > 0xff))
    throw new WireError('bad-value', 'userName.name', 'has up to 16 characters of Latin-1');
  return new ByteWriter(nameBytes)
    .bytes(Uint8Array.from(codes))
    .fill(nameBytes - codes.length)
    .done();
}

function decodeName(r: ByteReader): string {
  // Some boards cut the zeros at the end away.
  const bytes = r.bytes(Math.min(r.remaining, nameBytes), 'userName.name');
  const end = bytes.indexOf(0);
  return String.fromCodePoint(...(end === -1 ? bytes : bytes.subarray(0, end)));
}

/** Get User Name: the name of a user id (1 to 63), empty where there is none. IPMI 2.0 §22.29 */
export const getUserName: Command<number, string> = {
  name: 'Get User Name',
  netFn: netFn.app,
  cmd: 0x46,
  encodeRequest: (userId) => new ByteWriter(1).u8(userId & 0x3f).done(),
  decodeRequest: (data) => new ByteReader(data).u8('userName.userId') & 0x3f,
  encodeReply: encodeName,
  decodeReply: (data) => decodeName(new ByteReader(data)),
};

/** A user id (1 to 63) and its name, up to 16 characters; empty clears it. IPMI 2.0 §22.28 */
export interface SetUserNameRequest {
  readonly userId: number;
  readonly name: string;
}

/** Set User Name. IPMI 2.0 §22.28 */
export const setUserName: Command<SetUserNameRequest, undefined> = {
  name: 'Set User Name',
  netFn: netFn.app,
  cmd: 0x45,
  encodeRequest: ({ userId, name }) =>
    new ByteWriter(1 + nameBytes)
      .u8(userId & 0x3f)
      .bytes(encodeName(name))
      .done(),
  decodeRequest(data) {
    const r = new ByteReader(data);
    return { userId: r.u8('userName.userId') & 0x3f, name: decodeName(r) };
  },
  encodeReply: nothing.encode,
  decodeReply: nothing.decode,
};
