import type { Firmware, MachineSighting } from '../ports.ts';
import type { Uuid } from '../../base/uuid.ts';
import type { DhcpRequest } from './request.ts';

/**
 * Processor architecture types, from the IANA registry "Processor Architecture Types".
 * Standard: RFC 4578 §2.1 said 7 for EFI byte code and 9 for x86-64. Firmware: x86-64 machines send 7, because the registry had
 * the two swapped (erratum 4625 made the registry right); a few old ones send 9. What we do: both are x86-64.
 */
const architectures = new Map<number, { readonly name: string; readonly firmware: Firmware }>([
  [0, { name: 'x86 BIOS', firmware: 'bios' }],
  [6, { name: 'x86 UEFI', firmware: 'uefi-ia32' }],
  [7, { name: 'x64 UEFI', firmware: 'uefi-x64' }],
  [9, { name: 'EBC, or x64 UEFI by RFC 4578', firmware: 'uefi-x64' }],
  [10, { name: 'ARM 32-bit UEFI', firmware: 'other' }],
  [11, { name: 'ARM 64-bit UEFI', firmware: 'uefi-arm64' }],
  [15, { name: 'x86 UEFI boot from HTTP', firmware: 'other' }],
  [16, { name: 'x64 UEFI boot from HTTP', firmware: 'uefi-http-x64' }],
  [17, { name: 'EBC boot from HTTP', firmware: 'other' }],
  [18, { name: 'ARM 32-bit UEFI boot from HTTP', firmware: 'other' }],
  [19, { name: 'ARM 64-bit UEFI boot from HTTP', firmware: 'uefi-http-arm64' }],
  [20, { name: 'PC/AT BIOS boot from HTTP', firmware: 'other' }],
]);

/**
 * One processor's PXE and HTTP boot. Early HTTP clients name the PXE number of their processor, as 15 to 20 were not assigned yet;
 * the vendor class tells how a machine boots.
 */
const twins = [
  ['uefi-x64', 'uefi-http-x64'],
  ['uefi-arm64', 'uefi-http-arm64'],
] as const;

/** What the IANA registry calls an architecture, for people; `unknown` for one that is not served. */
export function architectureName(arch: number): string {
  return architectures.get(arch)?.name ?? 'unknown';
}

/**
 * Kind of firmware that asks, undefined for a client that does not boot from the network. PXE ROMs say `PXEClient:Arch:xxxxx:...`
 * in option 60 (PXE 2.1 §2.2.1), UEFI HTTP boot `HTTPClient:...` (UEFI 2.8 §24.7.2). Option 93 wins over the number in the text.
 */
export function firmwareOf(
  request: Pick<DhcpRequest, 'vendorClass' | 'archs' | 'ipxe'>,
): Firmware | undefined {
  const vendorClass = request.vendorClass ?? '';
  const isHttp = vendorClass.startsWith('HTTPClient');
  if (!isHttp && !vendorClass.startsWith('PXEClient') && request.ipxe === undefined) return undefined;
  const arch = request.archs[0] ?? archInText(vendorClass);
  // Before UEFI there was only one kind, and some of those ROMs don't name it.
  if (arch === undefined) return isHttp ? 'other' : 'bios';
  const firmware = architectures.get(arch)?.firmware ?? 'other';
  const pair = twins.find(([pxe, http]) => firmware === pxe || firmware === http);
  if (pair !== undefined) return isHttp ? pair[1] : pair[0];
  // A BIOS that boots by HTTP has no loader here.
  return isHttp ? 'other' : firmware;
}

/** True for UEFI HTTP boot, which wants a URL and `HTTPClient` echoed. */
export function bootsOverHttp(firmware: Firmware): firmware is 'uefi-http-x64' | 'uefi-http-arm64' {
  return firmware === 'uefi-http-x64' || firmware === 'uefi-http-arm64';
}

/** What a request tells about its machine, for the policy and for events. */
export function sightingOf(request: DhcpRequest, serverUuid: Uuid): MachineSighting {
  return {
    serverUuid,
    mac: request.mac,
    uuids: request.machineUuids,
    firmware: firmwareOf(request),
    ipxe: request.ipxe !== undefined,
    vendorClass: request.vendorClass,
    hostname: request.hostname,
  };
}

function archInText(vendorClass: string): number | undefined {
  const digits = /:Arch:(\d{5})/.exec(vendorClass)?.[1];
  return digits === undefined ? undefined : Number(digits);
}
