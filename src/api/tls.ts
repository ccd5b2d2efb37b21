import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { ApiError } from './errors.ts';

/** Where the certificate (PEM, the chain below it) and its private key (PEM) lie; both or none. */
export interface TlsFiles {
  readonly certificateFile?: string;
  readonly keyFile?: string;
}

/** What a TLS server needs. */
export interface TlsIdentity {
  readonly cert: string;
  readonly key: string;
  /** ms since the epoch. */
  readonly expiresAt: number;
}

function refuse(option: 'certificateFile' | 'keyFile', text: string, cause?: unknown): never {
  const data = { option: `tls.${option}` };
  throw new ApiError('bad-option', `api.tls.${option}: ${text}`, { data, cause });
}

function readText(option: 'certificateFile' | 'keyFile', path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'unknown reason';
    return refuse(option, `${path} cannot be read (${reason}); check its path and owner`);
  }
}

/** Others could take on our name with it. */
function refuseOpenFile(path: string): void {
  const mode = statSync(path, { throwIfNoEntry: false })?.mode ?? 0;
  if ((mode & 0o077) === 0) return;
  const shown = (mode & 0o777).toString(8).padStart(4, '0');
  refuse(
    'keyFile',
    `others may read ${path} (mode ${shown}): run chmod 600 on it, and renew it if somebody may have`,
  );
}

/** The causes of OpenSSL are left out: they could quote what the file holds. */
function readKey(path: string, text: string): KeyObject {
  try {
    return createPrivateKey(text);
  } catch {
    const isSealed = text.includes('ENCRYPTED');
    const what = isSealed
      ? 'is locked with a passphrase; unlock it: openssl pkey -in it -out another'
      : 'has no private key in PEM form';
    return refuse('keyFile', `${path} ${what}`);
  }
}

function readCertificate(path: string, text: string): X509Certificate {
  try {
    return new X509Certificate(text);
  } catch {
    return refuse(
      'certificateFile',
      `${path} has no certificate in PEM form; give the server's own, then its chain`,
    );
  }
}

/** Reads and checks certificate and key; undefined when none are named. Throws ApiError `bad-option` that names the file. */
export function readTls({ certificateFile, keyFile }: TlsFiles): TlsIdentity | undefined {
  if (certificateFile === undefined && keyFile === undefined) return undefined;
  if (certificateFile === undefined) return refuse('certificateFile', 'is needed beside tls.keyFile');
  if (keyFile === undefined) return refuse('keyFile', 'is needed beside tls.certificateFile');
  const cert = readText('certificateFile', certificateFile);
  const key = readText('keyFile', keyFile);
  refuseOpenFile(keyFile);
  const certificate = readCertificate(certificateFile, cert);
  if (!certificate.checkPrivateKey(readKey(keyFile, key))) {
    refuse(
      'keyFile',
      `${keyFile} is not the key of the first certificate in ${certificateFile}; name the pair that belongs together`,
    );
  }
  return { cert, key, expiresAt: Date.parse(certificate.validTo) };
}
