import type { ConsoleErrorCode } from '../../console/index.ts';
import { ConsoleError } from '../../console/index.ts';
import type { IommuErrorCode } from '../../iommu/index.ts';
import { IommuError } from '../../iommu/index.ts';
import type { KvmErrorCode } from '../../kvm/index.ts';
import { KvmError } from '../../kvm/index.ts';
import type { PlatformErrorCode } from '../../platform/index.ts';
import { PlatformError } from '../../platform/index.ts';
import type { ProvisionErrorCode } from '../../provision/index.ts';
import { ProvisionError } from '../../provision/index.ts';
import { StoreError } from '../../store/errors.ts';
import type { ApiErrorCode } from '../errors.ts';
import { ApiError } from '../errors.ts';
import { QueryError } from '../ports.ts';

/** Every code that this API answers, with its fixed English text. docs/errors.md lists the same codes. */
export const zstackErrorTexts = {
  'SYS.1000': 'an internal error happened',
  'SYS.1003': 'the resource was not found',
  'SYS.1006': 'the operation failed',
  'SYS.1007': 'one or more API arguments are invalid',
  'SYS.1009': 'no such API',
  'SYS.1014': 'this API is not implemented yet',
  'SYS.1015': 'the HTTP request is not well-formed',
  'ID.1000': 'authentication failed',
  'ID.1001': 'the session is invalid',
  'ID.1002': 'permission denied',
  'TAG.1000': 'the resource already has this tag',
  'BAREMETAL.1010': 'the bare-metal chassis was not found',
  'BAREMETAL.1200': 'the bare-metal host configuration was not found',
  'BAREMETAL.1300': 'the PXE server could not be started',
  'BAREMETAL.1301': 'the bare-metal host could not be powered on',
  'BAREMETAL.1302': 'the bare-metal host could not be powered off',
  'BAREMETAL.1303': 'the bare-metal host could not be reset',
  'BAREMETAL.1304': 'the bare-metal host could not be provisioned',
  'BAREMETAL.1400': 'there is no PXE server',
  'BAREMETAL.1401': 'the PXE server is not running',
} as const;
export type ZstackErrorCode = keyof typeof zstackErrorTexts;

/** `{"error":{code,description,details}}` as clients get it. */
export interface ErrorBody {
  readonly error: {
    readonly code: ZstackErrorCode;
    readonly description: string;
    readonly details: string;
  };
}

const provisionCodes: Readonly<Record<ProvisionErrorCode, ZstackErrorCode>> = {
  'invalid-argument': 'SYS.1007',
  'not-found': 'SYS.1003',
  'chassis-not-found': 'BAREMETAL.1010',
  'hostcfg-not-found': 'BAREMETAL.1200',
  'no-pxe-server': 'BAREMETAL.1400',
  'pxe-server-stopped': 'BAREMETAL.1401',
  'pxe-server-start-failed': 'BAREMETAL.1300',
  'already-provisioned': 'SYS.1007',
  'run-in-progress': 'SYS.1006',
  conflict: 'SYS.1007',
  'bmc-failed': 'SYS.1006',
  'power-on-failed': 'BAREMETAL.1301',
  'power-off-failed': 'BAREMETAL.1302',
  'power-reset-failed': 'BAREMETAL.1303',
  'provision-failed': 'BAREMETAL.1304',
  'storage-full': 'SYS.1006',
};

const platformCodes: Readonly<Record<PlatformErrorCode, ZstackErrorCode>> = {
  'invalid-argument': 'SYS.1007',
  'not-found': 'SYS.1003',
  conflict: 'SYS.1007',
  'duplicate-tag': 'TAG.1000',
  refused: 'SYS.1006',
};

const kvmCodes: Readonly<Record<KvmErrorCode, ZstackErrorCode>> = {
  'invalid-argument': 'SYS.1007',
  'not-found': 'SYS.1003',
  conflict: 'SYS.1007',
  refused: 'SYS.1006',
  'host-disconnected': 'SYS.1006',
  'host-unreachable': 'SYS.1006',
  'host-login-failed': 'SYS.1006',
  'host-key-mismatch': 'SYS.1006',
  'host-unfit': 'SYS.1006',
  'command-failed': 'SYS.1006',
};

const iommuCodes: Readonly<Record<IommuErrorCode, ZstackErrorCode>> = {
  'invalid-argument': 'SYS.1007',
  'not-found': 'SYS.1003',
  conflict: 'SYS.1007',
  refused: 'SYS.1006',
  'iommu-inactive': 'SYS.1006',
  'host-disconnected': 'SYS.1006',
  'command-failed': 'SYS.1006',
};

const consoleCodes: Readonly<Record<ConsoleErrorCode, ZstackErrorCode>> = {
  'not-found': 'SYS.1003',
  unavailable: 'SYS.1006',
  'in-use': 'SYS.1006',
  refused: 'SYS.1006',
  failed: 'SYS.1006',
  storage: 'SYS.1006',
};

/** Business refusals are 503 as in the product; faults of the HTTP request itself have their own status. */
const apiCodes: Readonly<Record<ApiErrorCode, readonly [number, ZstackErrorCode]>> = {
  'bad-option': [500, 'SYS.1000'],
  'listen-failed': [500, 'SYS.1000'],
  'bad-request': [400, 'SYS.1015'],
  'bad-query': [400, 'SYS.1007'],
  'bad-argument': [503, 'SYS.1007'],
  'login-failed': [503, 'ID.1000'],
  'session-expired': [503, 'ID.1001'],
  denied: [503, 'ID.1002'],
  'not-found': [503, 'SYS.1003'],
  'no-route': [404, 'SYS.1009'],
  'wrong-verb': [405, 'SYS.1015'],
  'too-large': [413, 'SYS.1015'],
  interrupted: [503, 'SYS.1000'],
  unimplemented: [503, 'SYS.1014'],
  conflict: [503, 'SYS.1007'],
  overloaded: [503, 'SYS.1006'],
};

/** The text beside a code; the code's own text when there is nothing to add. At most 4096 characters, as the product. */
export function errorBody(code: ZstackErrorCode, details: string): ErrorBody {
  return { error: { code, description: zstackErrorTexts[code], details: details.slice(0, 4096) } };
}

/** Fixed texts: a store's own could hold SQL. */
const storeFaults = {
  conflict: ['SYS.1007', 'a unique value is taken by another resource; choose another one'],
  'storage-full': ['SYS.1006', 'the disk of the server is full; make room and repeat the call'],
  damaged: ['SYS.1000', 'the database is damaged; see the server log'],
  io: ['SYS.1000', 'the database could not be read or written; see the server log'],
} as const satisfies Record<StoreError['code'], readonly [ZstackErrorCode, string]>;

const lostReference =
  'what this belongs to is gone, or something still belongs to it; read the lists and repeat the call';

/** The text with every secret of the call blotted out, in case a deeper room quoted one. Shorter ones would garble the text. */
export function hideSecrets(text: string, secrets: readonly string[]): string {
  return secrets
    .filter((secret) => secret.length >= 3)
    .reduce((hidden, secret) => hidden.replaceAll(secret, '******'), text);
}

/**
 * The only mapping of errors to ZStack's: HTTP status of a synchronous answer, and body. `expected` is false for faults of the
 * program, whose text stays in the server's log.
 */
export function toZstackError(
  error: unknown,
  secrets: readonly string[] = [],
): { status: number; body: ErrorBody; expected: boolean } {
  const mapped = mapError(error);
  // Texts of this room never quote values, and a password such as "wrong" must not garble them.
  if (error instanceof ApiError) return mapped;
  const { status, body, expected } = mapped;
  const { code, details } = body.error;
  return { status, body: errorBody(code, hideSecrets(details, secrets)), expected };
}

function mapError(error: unknown): { status: number; body: ErrorBody; expected: boolean } {
  if (error instanceof ApiError) {
    const [status, code] = apiCodes[error.code];
    return { status, body: errorBody(code, error.message), expected: true };
  }
  if (error instanceof ProvisionError) {
    const code = provisionCodes[error.code];
    return { status: 503, body: errorBody(code, error.message), expected: true };
  }
  if (error instanceof PlatformError) {
    return { status: 503, body: errorBody(platformCodes[error.code], error.message), expected: true };
  }
  if (error instanceof KvmError) {
    return { status: 503, body: errorBody(kvmCodes[error.code], error.message), expected: true };
  }
  if (error instanceof IommuError) {
    return { status: 503, body: errorBody(iommuCodes[error.code], error.message), expected: true };
  }
  if (error instanceof ConsoleError) {
    const isChassis = error.code === 'not-found' && error.data['kind'] === 'chassis';
    const code = isChassis ? 'BAREMETAL.1010' : consoleCodes[error.code];
    return { status: 503, body: errorBody(code, error.message), expected: true };
  }
  if (error instanceof QueryError) {
    return { status: 503, body: errorBody('SYS.1007', error.message), expected: true };
  }
  if (error instanceof StoreError) {
    const [code, text] = storeFaults[error.code];
    const { field, reason } = error.data;
    if (reason === 'reference')
      return { status: 503, body: errorBody('SYS.1006', lostReference), expected: true };
    const details = code === 'SYS.1007' && typeof field === 'string' ? `${field}: ${text}` : text;
    return { status: 503, body: errorBody(code, details), expected: code !== 'SYS.1000' };
  }
  const details = 'the server could not finish this call; its log says why';
  return { status: 503, body: errorBody('SYS.1000', details), expected: false };
}

/** The codes that domain errors become, for the documentation's test. */
export const provisionErrorCodes: Readonly<Record<string, ZstackErrorCode>> = provisionCodes;
