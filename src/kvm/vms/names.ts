import { createHash } from 'node:crypto';
import { toHex } from '../../base/bytes.ts';
import type { Mac } from '../../base/mac.ts';
import type { Uuid } from '../../base/uuid.ts';

/** Namespaces of uuids made from names; never to be changed, for clients keep the uuids. */
const networks = '7d0c2f5e3a614b0e9b6f6a0f5c1d9e42';
const nics = '1c9b7a44d2f84e6f8f3f0b7f6f21a6d3';

/** A name-based (version 5) uuid. RFC 9562 §5.5 */
function uuidOfName(namespace: string, name: string): Uuid {
  const hash = createHash('sha1').update(Buffer.from(namespace, 'hex')).update(name, 'utf8').digest();
  const bytes = Uint8Array.from(hash.subarray(0, 16));
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x50;
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  return toHex(bytes) as Uuid;
}

/** The uuid that stands for the network behind a bridge: the same name is the same network on every host. */
export function networkUuidOf(bridge: string): Uuid {
  return uuidOfName(networks, bridge);
}

/** The uuid of a VM's NIC, the same at every look. */
export function nicUuidOf(vmUuid: Uuid, mac: Mac): Uuid {
  return uuidOfName(nics, `${vmUuid} ${mac}`);
}
