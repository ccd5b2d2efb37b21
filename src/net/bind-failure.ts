import { networkInterfaces } from 'node:os';
import { messageOf } from '../base/errors.ts';
import { NetError } from './errors.ts';
import type { UdpBindOptions } from './udp.ts';

/** What went wrong while binding, as a NetError whose text tells a technician what to do. A NetError comes back as it is. */
export function explainBindFailure(options: UdpBindOptions, error: unknown): NetError {
  if (error instanceof NetError) return error;
  const { code, syscall } = error as NodeJS.ErrnoException;
  const { address, port, device } = options;
  const where = `UDP ${address}:${port}${device === undefined ? '' : ` on ${device}`}`;
  const more = { data: { address, port, device, errno: code }, cause: error };
  if (code === 'EADDRINUSE') {
    return new NetError(
      'port-in-use',
      `${where} is taken by another program; find it with \`ss -ulpn 'sport = :${port}'\` and stop it`,
      more,
    );
  }
  if (code === 'ENODEV') {
    const there = Object.keys(networkInterfaces()).join(', ') || 'none with an address';
    return new NetError(
      'no-such-device',
      `there is no network interface ${device}; interfaces here: ${there}`,
      more,
    );
  }
  if (code === 'EACCES' || code === 'EPERM') {
    const capability = syscall === 'SO_BINDTODEVICE' ? 'CAP_NET_RAW' : 'CAP_NET_BIND_SERVICE';
    return new NetError(
      'no-permission',
      `not allowed to open ${where}; run as root or grant ${capability} ` +
        '(systemd: AmbientCapabilities=CAP_NET_BIND_SERVICE CAP_NET_RAW)',
      more,
    );
  }
  if (code === 'EADDRNOTAVAIL') {
    return new NetError('no-address', `no interface of this machine has the address ${address}`, more);
  }
  return new NetError('io', `can't open ${where}: ${messageOf(error)}`, more);
}

/** Why a raw socket can't be had, as a NetError; `purpose` completes "not allowed to ...". */
export function explainRawFailure(purpose: string, error: unknown): NetError {
  const { code } = error as NodeJS.ErrnoException;
  const more = { data: { purpose, errno: code }, cause: error };
  if (code === 'EACCES' || code === 'EPERM') {
    return new NetError('no-permission', `not allowed to ${purpose}; run as root or grant CAP_NET_RAW`, more);
  }
  const gone = code === 'ENODEV' || code === 'ENXIO' || code === 'ENETDOWN';
  return new NetError(gone ? 'no-such-device' : 'io', `can't ${purpose}: ${messageOf(error)}`, more);
}
