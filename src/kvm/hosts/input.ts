import { isIP } from 'node:net';
import { badArgument, hasControls } from '../checks.ts';
import type { Host } from '../model.ts';

/** An IPv4 or IPv6 address (in its short form, lower case) or a host name. RFC 1123 §2.1 */
export function checkManagementIp(value: string): string {
  const text = value.trim().toLowerCase();
  if (isIP(text) === 4) return text;
  if (isIP(text) === 6 && !text.includes('%')) return new URL(`http://[${text}]`).hostname.slice(1, -1);
  const labels = text.split('.');
  const isName =
    text.length <= 253 &&
    labels.every((label) => /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(label)) &&
    // Only digits and dots: an address that is none, and not a name that anybody has.
    !/^[\d.]+$/.test(text);
  if (isName) return text;
  throw badArgument('managementIp', 'must be an IPv4 address, an IPv6 address or a host name');
}

/** A TCP port; 22 by default. */
export function checkSshPort(value: number | undefined): number {
  if (value === undefined) return 22;
  if (Number.isInteger(value) && value >= 1 && value <= 65_535) return value;
  throw badArgument('sshPort', 'must be a whole number from 1 to 65535');
}

/** A login name of the host. */
export function checkUsername(value: string): string {
  const text = value.trim();
  if (/^[^\s:/-][^\s:/]{0,254}$/.test(text) && !hasControls(text)) return text;
  throw badArgument('username', 'must be the name of an account on the host, as a rule root');
}

/** A password as it is: empty for Rackwright's own key. */
export function checkPassword(value: string): string {
  if (value.length <= 1024 && !value.includes('\0')) return value;
  throw badArgument('password', 'must have at most 1024 characters, and no NUL character');
}

/** What the system tags of a host say about its connection; tags of other kinds are not for here. */
export function readConnectionTags(tags: readonly string[] | undefined): {
  readonly connection: Host['connection'];
  readonly hostKey: string | undefined;
} {
  let connection: Host['connection'] = 'ssh';
  let hostKey: string | undefined;
  for (const tag of tags ?? []) {
    const [name, value = ''] = tag.split('::', 2);
    if (name === 'hostConnection') {
      if (value !== 'ssh' && value !== 'local')
        throw badArgument('systemTags', 'hostConnection is ssh or local');
      connection = value;
    }
    if (name === 'sshHostKey') {
      if (!/^SHA256:[A-Za-z0-9+/]{43}$/.test(value)) {
        throw badArgument(
          'systemTags',
          'sshHostKey is SHA256: and 43 characters, as ssh-keygen -l prints it',
        );
      }
      hostKey = value;
    }
  }
  return { connection, hostKey };
}
