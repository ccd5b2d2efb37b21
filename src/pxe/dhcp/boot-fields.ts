import type { Ipv4 } from '../../base/ipv4.ts';
import type { BootDecision } from '../ports.ts';
import { bootsOverHttp, firmwareOf } from './firmware.ts';
import type { ReplyConfig } from './reply-config.ts';
import type { DhcpRequest } from './request.ts';
import { code } from './wire/option-codes.ts';
import { encodeNoPxeDhcp } from './wire/options/ipxe.ts';
import { encodePxeDiscovery } from './wire/options/pxe-discovery.ts';
import { encodeText } from './wire/options/text.ts';
import { fitsFileField } from './wire/packet.ts';

/** The part of an answer that tells a client what to boot. */
export interface BootFields {
  readonly siaddr: Ipv4;
  readonly file: string;
  readonly options: ReadonlyMap<number, Uint8Array>;
  /** Name or URL for events; undefined when the client is to boot nothing. */
  readonly bootFile: string | undefined;
}

/** What a client gets that is to boot nothing. */
const nothing: BootFields = {
  siaddr: '0.0.0.0' as Ipv4,
  file: '',
  options: new Map(),
  bootFile: undefined,
};

/** By which a client tells offers of boot servers from others. PXE 2.1 §2.2.2 */
const pxeClient = [code.vendorClass, encodeText('PXEClient')] as const;

/** What to boot, or undefined when the client shall boot and nothing here fits it: then it must get no answer at all. */
export function bootFieldsFor(
  request: DhcpRequest,
  decision: Exclude<BootDecision, { kind: 'ignore' }>,
  config: ReplyConfig,
  isProxy = false,
): BootFields | undefined {
  const firmware = firmwareOf(request);
  if (decision.kind === 'address' || firmware === undefined) return nothing;
  // An iPXE in a NIC's ROM may be built without HTTP; it is then firmware like any other, and loads the full one first.
  if (request.ipxe?.complete === true) {
    return fields(
      request,
      config,
      decision.scriptUrl,
      isProxy ? [pxeClient] : [[code.ipxe, encodeNoPxeDhcp()]],
    );
  }
  const isHttp = bootsOverHttp(firmware);
  const loader = isHttp ? config.httpLoaderUrl(firmware) : config.loaderFor(firmware);
  if (loader === undefined) return undefined;
  const machineId = request.packet.options.get(code.machineId);
  return fields(request, config, loader, [
    // A ROM takes only offers that call themselves by its own class: PXE 2.1 §2.2.2, UEFI 2.8 §24.7.3.1.
    isHttp ? [code.vendorClass, encodeText('HTTPClient')] : pxeClient,
    // Without it a ROM would look for boot servers and wait for them.
    ...(isHttp ? [] : [[code.vendorSpecific, encodePxeDiscovery()] as const]),
    // Must come back as it was. RFC 4578 §2.3
    ...(machineId === undefined ? [] : [[code.machineId, machineId] as const]),
    ...(!isHttp && request.wanted.has(code.tftpServerName)
      ? [[code.tftpServerName, encodeText(config.serverAddress)] as const]
      : []),
  ]);
}

function fields(
  request: DhcpRequest,
  config: ReplyConfig,
  bootFile: string,
  options: readonly (readonly [number, Uint8Array])[],
): BootFields {
  const fits = fitsFileField(bootFile);
  const asOption = !fits || request.wanted.has(code.bootFileName);
  return {
    siaddr: config.serverAddress,
    file: fits ? bootFile : '',
    options: new Map([...options, ...(asOption ? [[code.bootFileName, encodeText(bootFile)] as const] : [])]),
    bootFile,
  };
}
