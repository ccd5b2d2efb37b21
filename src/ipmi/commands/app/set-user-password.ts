import { ByteReader, ByteWriter, WireError } from '../../../base/bytes.ts';
import { type Command, netFn, nothing } from '../command.ts';

const operations = ['disable', 'enable', 'set', 'test'] as const;

/** What to do with a user (1 to 63). IPMI 2.0 §22.30 */
export interface SetUserPasswordRequest {
  readonly userId: number;
  readonly operation: (typeof operations)[number];
  /** Bytes of the password field; a password set with 20 cannot be tested with 16. */
  readonly size: 16 | 20;
  /** Without the zeros that fill the field; empty for `enable` and `disable`. */
  readonly password: Uint8Array;
}

/** Set User Password; completion code 0x80 says that the tested password is another, 0x81 that it has the other size. IPMI 2.0 §22.30 */
export const setUserPassword: Command<SetUserPasswordRequest, undefined> = {
  name: 'Set User Password',
  netFn: netFn.app,
  cmd: 0x47,
  encodeRequest({ userId, operation, size, password }) {
    if (password.length > size)
      throw new WireError('bad-value', 'userPassword.password', `has up to ${size} bytes`);
    return (
      new ByteWriter(2 + size)
        .u8((size === 20 ? 0x80 : 0) | (userId & 0x3f))
        .u8(operations.indexOf(operation))
        .bytes(password)
        // The field goes along with every operation, as some boards refuse other lengths.
        .fill(size - password.length)
        .done()
    );
  },
  decodeRequest(data) {
    const r = new ByteReader(data);
    const first = r.u8('userPassword.userId');
    const operation = operations[r.u8('userPassword.operation') & 0x03] ?? 'test';
    const size = (first & 0x80) === 0 ? 16 : 20;
    const without = operation === 'disable' || operation === 'enable';
    const field = without && r.remaining < size ? r.rest() : r.bytes(size, 'userPassword.password');
    const last = field.findLastIndex((byte) => byte !== 0);
    return { userId: first & 0x3f, operation, size, password: field.subarray(0, last + 1) };
  },
  encodeReply: nothing.encode,
  decodeReply: nothing.decode,
};
