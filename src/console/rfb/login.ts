import type { Duplex } from 'node:stream';
import { ByteReader, WireError } from '../../base/bytes.ts';
import { messageOf } from '../../base/errors.ts';
import { ConsoleError } from '../errors.ts';
import type { ScreenStream } from '../ports.ts';
import type { ExactReader } from './exact-reader.ts';
import { answerChallenge } from './vnc-auth.ts';
import {
  decodeServerInitHead,
  encodeClientInit,
  type ScreenSize,
  serverInitHeadLength,
} from './wire/init.ts';
import { challengeLength, decodeSecurityResult, decodeWords, securityTypes } from './wire/security.ts';
import { decodeVersion, encodeVersion, type RfbMinor, versionLength } from './wire/version.ts';

/** A server that is ready to show its screen. */
export interface LoggedIn extends ScreenSize {
  /** ServerInit as it came. */
  readonly init: Uint8Array;
}

/** Reasons beyond this are cut. */
const maxReason = 4096;

/**
 * Logs in to the server of a screen, as one viewer beside others. Rejects with ConsoleError: `refused` when the server does not let us
 * in, else `failed`. Neither has the password in it.
 */
export async function logIn({ stream, password }: ScreenStream, reader: ExactReader): Promise<LoggedIn> {
  try {
    const minor = decodeVersion(await reader.take(versionLength));
    stream.write(encodeVersion(minor));
    const type =
      minor === 3 ? await readDecision(reader, password) : await chooseType(stream, reader, password);
    if (type === securityTypes.vncAuthentication) {
      const challenge = await reader.take(challengeLength);
      // Which type is chosen depends on there being a password.
      stream.write(answerChallenge(password ?? '', challenge));
    }
    if (type === securityTypes.vncAuthentication || minor === 8) await readResult(reader, minor, password);
    stream.write(encodeClientInit());
    const head = await reader.take(serverInitHeadLength);
    const { width, height, nameLength } = decodeServerInitHead(head);
    return { width, height, init: Buffer.concat([head, await reader.take(nameLength)]) };
  } catch (error) {
    if (error instanceof ConsoleError) throw error;
    if (error instanceof WireError) throw notRfb(error);
    // A Node whose OpenSSL allows no DES, as in FIPS mode.
    throw new ConsoleError('failed', `cannot log in to the screen: ${messageOf(error)}`, { cause: error });
  }
}

/** What malformed bytes of a screen's server become. */
export function notRfb(error: WireError): ConsoleError {
  return new ConsoleError(
    'failed',
    `the server of the screen does not speak RFB as it should (${error.message}); is its address and port that of a VNC server?`,
    { cause: error },
  );
}

/** Version 3.3: the server decides. RFC 6143 §7.1.2 */
async function readDecision(reader: ExactReader, password: string | undefined): Promise<number> {
  const type = new ByteReader(await reader.take(4)).u32be('security.type');
  if (type === securityTypes.invalid) throw await turnedAway(reader, password);
  return accept([type], password);
}

/** Versions 3.7 and 3.8: the server lists. RFC 6143 §7.1.2 */
async function chooseType(
  stream: Duplex,
  reader: ExactReader,
  password: string | undefined,
): Promise<number> {
  const count = new ByteReader(await reader.take(1)).u8('security.count');
  if (count === 0) throw await turnedAway(reader, password);
  const type = accept([...(await reader.take(count))], password);
  stream.write(Uint8Array.of(type));
  return type;
}

/** None comes first: an answer to a challenge lets the server guess the password, so none is given without need. */
function accept(offered: readonly number[], password: string | undefined): number {
  if (offered.includes(securityTypes.none)) return securityTypes.none;
  if (!offered.includes(securityTypes.vncAuthentication)) {
    throw new ConsoleError(
      'refused',
      `the server of the screen wants a login that is not known here (security types ${offered.join(', ')}); let it take VNC authentication or none`,
      { data: { offered } },
    );
  }
  if (password === undefined) {
    throw new ConsoleError('refused', 'the server of the screen wants a password, and none is known for it');
  }
  return securityTypes.vncAuthentication;
}

async function readResult(reader: ExactReader, minor: RfbMinor, password: string | undefined): Promise<void> {
  if (decodeSecurityResult(await reader.take(4))) return;
  // Only 3.8 has a reason, and some servers of 3.8 hang up instead.
  const reason = minor === 8 ? await readReason(reader, password).catch(() => '') : '';
  throw new ConsoleError(
    'refused',
    `the server of the screen refuses the login${reason === '' ? '' : `: ${reason}`}; was its password changed?`,
  );
}

async function turnedAway(reader: ExactReader, password: string | undefined): Promise<ConsoleError> {
  const reason = await readReason(reader, password).catch(() => '');
  return new ConsoleError(
    'refused',
    `the server of the screen takes nobody in now${reason === '' ? '' : `: ${reason}`}; try again later`,
  );
}

/** A server that knows the password may put it into its reason. */
async function readReason(reader: ExactReader, password: string | undefined): Promise<string> {
  const length = new ByteReader(await reader.take(4)).u32be('reason.length');
  const words = decodeWords(await reader.take(Math.min(length, maxReason)));
  return password === undefined || password === '' ? words : words.replaceAll(password, '***');
}
