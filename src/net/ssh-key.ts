import { createHash } from 'node:crypto';
import { NetError } from './errors.ts';
import ssh2 from 'ssh2';

/** The fingerprint of a public key blob as `ssh-keygen -l` prints it. RFC 4648 §4 without padding */
export function fingerprintOf(publicKey: Uint8Array): string {
  return `SHA256:${createHash('sha256').update(publicKey).digest('base64').replaceAll('=', '')}`;
}

/** A key pair of ours. */
export interface SshKeyPair {
  /** In OpenSSH's form, without a passphrase. */
  readonly privateKey: string;
  /** One line for authorized_keys. */
  readonly publicKey: string;
}

/** Makes an Ed25519 key pair; the comment stands behind the public half. */
export function generateSshKey(comment: string): SshKeyPair {
  for (;;) {
    const made = ssh2.utils.generateKeyPairSync('ed25519', { comment });
    // ssh2 1.17 writes about one key in a few hundred in a form that neither it nor OpenSSH reads again.
    if (!(ssh2.utils.parseKey(made.private) instanceof Error)) {
      return { privateKey: made.private, publicKey: made.public };
    }
  }
}

/** Reads a private key without a passphrase. NetError `invalid-argument` when it is none; the text never quotes it. */
export function readSshKey(privateKey: string, comment: string): SshKeyPair {
  const key = ssh2.utils.parseKey(privateKey);
  if (key instanceof Error || !key.isPrivateKey()) {
    throw new NetError('invalid-argument', 'that is no private SSH key without a passphrase');
  }
  return { privateKey, publicKey: `${key.type} ${key.getPublicSSH().toString('base64')} ${comment}` };
}
