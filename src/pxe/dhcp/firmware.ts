import type { Firmware, MachineSighting } from '../ports.ts';
import type { Uuid } from '../../base/uuid.ts';
import type { DhcpRequest } from './request.ts';

/**
 * Processor architecture types, from the IANA registry "Processor Architecture Types".
 * Standard: RFC 4578 §2.1 said 7 for EFI byte code and 9 for x86-64. Firmware: x86-64 machines send 7, because the registry had
 * the two swapped (erratum 4625 made the registry right); a few old ones send 9. What we do: both are x86-64.
 */
const architectures = new Map<number, Firmware>([
  [0, 'bios'],
  [6, 'uefi-ia32'],
  [7, 'uefi-x64'],
  [9, 'uefi-x64'],
  [11, 'uefi-arm64'],
  [16, 'uefi-http-x64'],
  [19, 'uefi-http-arm64'],
]);

/** Firmware that says HTTPClient and names the PXE number of its processor, as early HTTP boot did before 15 to 20 were assigned. */
const httpTwin = new Map<Firmware, Firmware>([
  ['uefi-x64', 'uefi-http-x64'],
  ['uefi-arm64', 'uefi-http-arm64'],
]);

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
  const firmware = architectures.get(arch) ?? 'other';
  return isHttp ? (httpTwin.get(firmware) ?? firmware) : firmware;
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
