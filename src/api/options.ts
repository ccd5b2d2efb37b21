import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { RandomBytes } from '../base/random.ts';
import type { ConsoleService } from '../console/index.ts';
import type { IommuService } from '../iommu/index.ts';
import type { CatalogueService, HostService, UsbService, VmService } from '../kvm/index.ts';
import type { ProvisionService } from '../provision/index.ts';
import type { InjectOptions, LightMyRequestResponse } from 'fastify';
import { ApiError } from './errors.ts';
import type { Platform } from '../platform/index.ts';
import type { OpenTicket, StreamKind } from './streams/kinds.ts';
import { type TunnelLimits, tunnelLimits } from './streams/tunnel.ts';
import { readTls, type TlsFiles, type TlsIdentity } from './tls.ts';
import type {
  AccountStore,
  JobStore,
  ManagementNodeStore,
  ProgressStore,
  QueryPort,
  WebHookStore,
} from './ports.ts';

/** How the API listens and answers. */
export interface ApiOptions {
  readonly address: string;
  /** 0 takes a free port. */
  readonly port: number;
  /** Base of job locations as clients see it, e.g. `https://rack1.example/zstack`; undefined takes it from the Host header. */
  readonly publicUrl?: string;
  /** Certificate and key; with them the API speaks HTTPS only. */
  readonly tls?: TlsFiles;
  /** IANA zone of the dates in answers; ZStack sends no zone, so clients must know it. */
  readonly timeZone: string;
  /** True lets the passwords that the query port gives pass to admins, with an audit line for each answer. */
  readonly revealSecrets: boolean;
  /** Default 1 MiB: the largest real call, a hostcfg with many NICs, is a few KiB. */
  readonly bodyLimitBytes?: number;
  /** Default 15 tries 2000 ms apart, as the product. */
  readonly webHook?: { readonly tries: number; readonly intervalMs: number };
  /** log2 of scrypt's N; default 15 (32 MiB and some 80 ms a guess). */
  readonly passwordCost?: number;
  /** Of WebSockets; for tests. */
  readonly tunnelLimits?: TunnelLimits;
}

/** What the API needs from the other rooms. */
export interface ApiDeps {
  readonly service: ProvisionService;
  readonly hosts: HostService;
  readonly vms: VmService;
  readonly usb: UsbService;
  readonly catalogue: CatalogueService;
  readonly iommu: IommuService;
  readonly consoles: ConsoleService;
  /** Folder of the built console page. */
  readonly consolePage?: string;
  /** A PNG that a timeline names; undefined when there is none of that name. */
  readonly consolePicture?: (chassisUuid: string, name: string) => Promise<Uint8Array | undefined>;
  /** Looks at a KVM host and everything on it again. */
  readonly look: (hostUuid: string) => Promise<void>;
  readonly platform: Platform;
  readonly query: QueryPort;
  readonly accounts: AccountStore;
  readonly jobs: JobStore;
  readonly webHooks: WebHookStore;
  readonly progress: ProgressStore;
  readonly managementNode: ManagementNodeStore;
  /** As clients know this server, e.g. its host name. */
  readonly hostName: string;
  /** Our own version, beside the one of ZStack that the API answers. */
  readonly version: string;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly log: Logger;
  /** Extra members of `GET /health`, which needs no session: nothing secret. */
  readonly health?: () => object;
  /** What the tickets of other WebSockets than consoles open; a kind that is missing knows no ticket. */
  readonly streams?: Readonly<Partial<Record<StreamKind, OpenTicket>>>;
}

/** A running API. */
export interface ApiHandle {
  readonly url: string;
  readonly address: string;
  readonly port: number;
  /** Stops listening, lets running jobs end (5 s at most) and drops pending web hooks; may be called twice. */
  close(): Promise<void>;
  /** A request without a socket, for tests. */
  inject(request: InjectOptions): Promise<LightMyRequestResponse>;
}

/** Options with every default filled in. */
export type FullApiOptions = Omit<Required<ApiOptions>, 'publicUrl' | 'tls'> & {
  readonly publicUrl: string | undefined;
  readonly tls: TlsIdentity | undefined;
};

/** Fills in defaults; rejects nonsense with ApiError `bad-option` whose data names the option. */
export function checkApiOptions(options: ApiOptions): FullApiOptions {
  const refuse = (option: string, why: string): never => {
    throw new ApiError('bad-option', `api option ${option}: ${why}`, { data: { option } });
  };
  if (options.publicUrl !== undefined) {
    const url = URL.canParse(options.publicUrl) ? new URL(options.publicUrl) : undefined;
    if (url === undefined || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '') {
      refuse('publicUrl', 'must be an http or https URL without query or fragment');
    }
  }
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: options.timeZone }).format(0);
  } catch {
    refuse('timeZone', 'must be an IANA time zone such as UTC or Europe/Berlin');
  }
  const passwordCost = options.passwordCost ?? 15;
  if (!Number.isInteger(passwordCost) || passwordCost < 10 || passwordCost > 20) {
    refuse('passwordCost', 'must be a whole number from 10 to 20');
  }
  return {
    ...options,
    publicUrl: options.publicUrl?.replace(/\/+$/, ''),
    bodyLimitBytes: options.bodyLimitBytes ?? 1_048_576,
    webHook: options.webHook ?? { tries: 15, intervalMs: 2000 },
    passwordCost,
    tls: readTls(options.tls ?? {}),
    tunnelLimits: options.tunnelLimits ?? tunnelLimits,
  };
}
