import { ByteWriter } from '../../src/base/bytes.ts';
import { encodeIpmiMessage, type IpmiMessage } from '../../src/ipmi/wire/ipmi-message.ts';

/** One command as the fake received it inside a session; `undefined` from the handler means silence. */
export type FakeHandler = (request: {
  readonly netFn: number;
  readonly cmd: number;
  readonly data: Uint8Array;
}) => { readonly completionCode: number; readonly data?: Uint8Array } | undefined;

export type FakeResult = NonNullable<ReturnType<FakeHandler>>;

/** How a fake behaves; every field has a well-behaved default. */
export interface FakeBmcOptions {
  readonly username?: string;
  readonly password?: string;
  readonly onCommand?: FakeHandler;
  /** Status of the reply at a stage of the login instead of success. */
  readonly refuse?: { readonly at: 'open' | 'rakp2' | 'rakp4'; readonly status: number };
  readonly keyGSet?: boolean;
  /** K_G of a two-key login. */
  readonly kg?: Uint8Array;
  /** Cipher suites that it takes. Default 3 and 17. */
  readonly suites?: readonly number[];
  /** Cipher suites that it lists. Default those that it takes; `refused` answers with a completion code, `silent` not at all. */
  readonly listed?: readonly number[] | 'refused' | 'silent';
  /** IPMI 1.5 authentication types that it takes, as bits. Default all but OEM. */
  readonly authTypes?: number;
  /** As some boards behave: a code in RAKP 2 that is too long; hashes with the level of Open Session; user names filled up ... */
  readonly quirk?:
    | 'long-rakp2'
    | 'open-privilege'
    | 'padded-username'
    | 'bad-checksums'
    | 'big-endian'
    | 'endless-list';
  /** What it sends for a payload that is no IPMI message: payloads of the same type. */
  readonly onPayload?: (payload: Uint8Array) => readonly Uint8Array[];
  /** Damages what the BMC computes, as one that does not know the password, or a forger. */
  readonly lie?: 'rakp2' | 'rakp4' | 'session' | 'algorithms' | 'ipmi15' | 'privilege' | 'sessionId0';
  readonly random: (length: number) => Uint8Array;
}

/** A reply to `request`. */
export function answer(request: IpmiMessage, result: FakeResult): Uint8Array {
  return encodeIpmiMessage({
    toAddr: request.fromAddr,
    toLun: request.fromLun,
    netFn: request.netFn + 1,
    fromAddr: request.toAddr,
    fromLun: request.toLun,
    rqSeq: request.rqSeq,
    cmd: request.cmd,
    data: new ByteWriter()
      .u8(result.completionCode)
      .bytes(result.data ?? new Uint8Array())
      .done(),
  });
}
