import { ByteReader, ByteWriter, fromHex, WireError } from '../../../base/bytes.ts';
import type { Uuid } from '../../../base/uuid.ts';

/** The calls that a console takes. libvirt src/remote/remote_protocol.x */
export const procedures = { open: 1, domainByUuid: 24, authList: 66, openConsole: 201 } as const;

/** `VIR_DOMAIN_CONSOLE_FORCE`: ends another one's console of this domain. */
const forceFlag = 1;
const maxTextBytes = 4 * 1024 * 1024;

/** Opens the driver of a URI, for reading and writing. */
export function encodeOpen(uri: string): Uint8Array {
  const text = new TextEncoder().encode(uri);
  // An optional string: a flag, its length, its bytes filled up to four. RFC 4506 §4.11, §4.19
  return new ByteWriter()
    .u32be(1)
    .u32be(text.length)
    .bytes(text)
    .fill((4 - (text.length % 4)) % 4)
    .u32be(0)
    .done();
}

export function encodeDomainByUuid(uuid: Uuid): Uint8Array {
  return fromHex(uuid);
}

/** `domain` is what `domainByUuid` answered, as it came. The first console is meant, which a PC's first serial port is. */
export function encodeOpenConsole(domain: Uint8Array, force: boolean): Uint8Array {
  return new ByteWriter()
    .bytes(domain)
    .u32be(0)
    .u32be(force ? forceFlag : 0)
    .done();
}

/** Whether the daemon lets this client in without a further login (type 0, none). Throws WireError. */
export function decodeIsOpen(payload: Uint8Array): boolean {
  const r = new ByteReader(payload);
  const count = r.u32be('auth.count');
  if (count > 20) throw new WireError('bad-value', 'auth.count', `is ${count}`);
  for (let at = 0; at < count; at++) if (r.u32be('auth.type') === 0) return true;
  return count === 0;
}

/** What a daemon says in place of an answer. */
export interface LibvirtFault {
  /** `virErrorNumber`. libvirt include/libvirt/virterror.h */
  readonly code: number;
  readonly text: string;
}

/** The number and the text of an error; what follows them is for programs. Throws WireError. */
export function decodeFault(payload: Uint8Array): LibvirtFault {
  const r = new ByteReader(payload);
  const code = r.u32be('error.code');
  r.skip(4, 'error.domain');
  const hasText = r.u32be('error.hasMessage') !== 0;
  if (!hasText) return { code, text: '' };
  const length = r.u32be('error.messageLength');
  if (length > maxTextBytes) throw new WireError('bad-value', 'error.messageLength', `is ${length}`);
  return { code, text: new TextDecoder().decode(r.bytes(length, 'error.message')) };
}
