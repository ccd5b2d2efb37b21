import type { Algorithms } from 'ssh2';

/** Types of host keys, in the order of preference; one host may have one of each. */
export const hostKeyTypes = {
  ed25519: ['ssh-ed25519'],
  ecdsa: ['ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp521'],
  rsa: ['rsa-sha2-512', 'rsa-sha2-256'],
} as const;
export type HostKeyType = keyof typeof hostKeyTypes;
export const allHostKeyTypes = Object.keys(hostKeyTypes) as readonly HostKeyType[];

/** The type of a public key by the name in its blob (`ssh-rsa` is a form of key; its SHA-1 signatures are not taken). RFC 8332 §3 */
export function hostKeyTypeOf(name: string): HostKeyType {
  if (name === 'ssh-rsa') return 'rsa';
  return name.startsWith('ecdsa-') ? 'ecdsa' : 'ed25519';
}

/** What is offered to a host: nothing with SHA-1 or CBC, and no compression, which a host could blow up. */
export function algorithmsFor(types: readonly HostKeyType[]): Algorithms {
  return {
    kex: [
      'curve25519-sha256',
      'curve25519-sha256@libssh.org',
      'ecdh-sha2-nistp256',
      'ecdh-sha2-nistp384',
      'ecdh-sha2-nistp521',
      'diffie-hellman-group-exchange-sha256',
      'diffie-hellman-group14-sha256',
      'diffie-hellman-group16-sha512',
      'diffie-hellman-group18-sha512',
    ],
    serverHostKey: types.flatMap((type) => [...hostKeyTypes[type]]),
    cipher: [
      'aes128-gcm@openssh.com',
      'aes256-gcm@openssh.com',
      'aes128-ctr',
      'aes192-ctr',
      'aes256-ctr',
      'chacha20-poly1305@openssh.com',
    ],
    hmac: [
      'hmac-sha2-256-etm@openssh.com',
      'hmac-sha2-512-etm@openssh.com',
      'hmac-sha2-256',
      'hmac-sha2-512',
    ],
    compress: ['none'],
  };
}
