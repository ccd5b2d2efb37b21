import { ByteReader, ByteWriter, WireError } from '../../base/bytes.ts';

/** One algorithm for each of the three purposes. IPMI 2.0 §13.28 */
export interface Algorithms {
  readonly authentication: number;
  readonly integrity: number;
  readonly confidentiality: number;
}

/** RMCP+ Open Session Request. IPMI 2.0 §13.17 */
export interface OpenSessionRequest {
  readonly tag: number;
  /** 0 asks for the highest level that the algorithms allow. */
  readonly maxPrivilege: number;
  readonly consoleSessionId: number;
  readonly algorithms: Algorithms;
}

/** RMCP+ Open Session Response. IPMI 2.0 §13.18 */
export type OpenSessionResponse =
  | {
      readonly kind: 'accepted';
      readonly tag: number;
      readonly maxPrivilege: number;
      readonly consoleSessionId: number;
      readonly bmcSessionId: number;
      readonly algorithms: Algorithms;
    }
  | { readonly kind: 'refused'; readonly tag: number; readonly status: number };

const purposes = ['authentication', 'integrity', 'confidentiality'] as const;

function writeAlgorithms(w: ByteWriter, algorithms: Algorithms): void {
  for (const [type, purpose] of purposes.entries()) {
    w.u8(type).u16be(0).u8(8).u8(algorithms[purpose]).fill(3);
  }
}

function readAlgorithms(r: ByteReader): Algorithms {
  const read = (type: number): number => {
    const field = `openSession.${String(purposes[type])}`;
    if (r.u8(field) !== type) throw new WireError('bad-value', field, 'is out of place');
    r.skip(2, field);
    if (r.u8(field) !== 8) throw new WireError('bad-value', field, 'payload length is not 8');
    const algorithm = r.u8(field) & 0x3f;
    r.skip(3, field);
    return algorithm;
  };
  return { authentication: read(0), integrity: read(1), confidentiality: read(2) };
}

/** The 32 bytes of a request that proposes one algorithm for each purpose. */
export function encodeOpenSessionRequest(request: OpenSessionRequest): Uint8Array {
  const w = new ByteWriter(32)
    .u8(request.tag)
    .u8(request.maxPrivilege & 0x0f)
    .u16be(0)
    .u32le(request.consoleSessionId);
  writeAlgorithms(w, request.algorithms);
  return w.done();
}

/** Reads a request; WireError when malformed or when it leaves an algorithm open. */
export function decodeOpenSessionRequest(bytes: Uint8Array): OpenSessionRequest {
  const r = new ByteReader(bytes);
  const tag = r.u8('openSession.tag');
  const maxPrivilege = r.u8('openSession.maxPrivilege') & 0x0f;
  r.skip(2, 'openSession.reserved');
  return {
    tag,
    maxPrivilege,
    consoleSessionId: r.u32le('openSession.consoleSessionId'),
    algorithms: readAlgorithms(r),
  };
}

/** Bytes of a response: 36 when accepted, otherwise tag and status. */
export function encodeOpenSessionResponse(response: OpenSessionResponse): Uint8Array {
  const w = new ByteWriter(36).u8(response.tag);
  if (response.kind === 'refused') return w.u8(response.status).done();
  w.u8(0)
    .u8(response.maxPrivilege & 0x0f)
    .u8(0);
  w.u32le(response.consoleSessionId).u32le(response.bmcSessionId);
  writeAlgorithms(w, response.algorithms);
  return w.done();
}

/** Reads a response; WireError when malformed. Of a refusal only tag and status are there on every BMC (docs/quirks.md). */
export function decodeOpenSessionResponse(bytes: Uint8Array): OpenSessionResponse {
  const r = new ByteReader(bytes);
  const tag = r.u8('openSession.tag');
  const status = r.u8('openSession.status');
  if (status !== 0) return { kind: 'refused', tag, status };
  const maxPrivilege = r.u8('openSession.maxPrivilege') & 0x0f;
  r.skip(1, 'openSession.reserved');
  return {
    kind: 'accepted',
    tag,
    maxPrivilege,
    consoleSessionId: r.u32le('openSession.consoleSessionId'),
    bmcSessionId: r.u32le('openSession.bmcSessionId'),
    algorithms: readAlgorithms(r),
  };
}
