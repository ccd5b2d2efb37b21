import type { Ipv4 } from '../base/ipv4.ts';
import type { Mac } from '../base/mac.ts';
import type { Uuid } from '../base/uuid.ts';
import type { SourceResource } from './http/resource.ts';

/** Kind of firmware that asks, from DHCP option 93 (RFC 4578 §2.1 and the IANA processor architecture registry). */
export type Firmware =
  | 'bios'
  | 'uefi-ia32'
  | 'uefi-x64'
  | 'uefi-arm64'
  | 'uefi-http-x64'
  | 'uefi-http-arm64'
  | 'other';

/** What one DHCP packet tells about the machine that sent it. */
export interface MachineSighting {
  readonly serverUuid: Uuid;
  readonly mac: Mac;
  /** Every reading of option 97 (see uuidReadings); empty when the client sent none. */
  readonly uuids: readonly Uuid[];
  /** Undefined when the client is no network-boot client (an installed system, say). */
  readonly firmware: Firmware | undefined;
  /** True when the client is iPXE (user class `iPXE` or option 175). */
  readonly ipxe: boolean;
  readonly vendorClass: string | undefined;
  readonly hostname: string | undefined;
}

/** What the machine may have. `ignore` means not one byte of answer. */
export type BootDecision =
  | { readonly kind: 'boot'; readonly scriptUrl: string }
  /** `client` chooses the lease time: 'installer' while an installer runs from memory, otherwise 'host'. Default 'host'. */
  | { readonly kind: 'address'; readonly client?: 'installer' | 'host' }
  | { readonly kind: 'ignore'; readonly reason: 'unknown-machine' | 'no-run' | 'server-stopped' };

/** Decides from memory, at once, without I/O: it stands in the DHCP reply path. */
export interface BootPolicy {
  decide(sighting: MachineSighting): BootDecision;
}

/** One address given to one client. Times are ms since the epoch. */
export interface Lease {
  readonly serverUuid: Uuid;
  readonly ip: Ipv4;
  readonly mac: Mac;
  /** Hex of option 61, or undefined. */
  readonly clientId: string | undefined;
  readonly expiresAt: number;
  /** `declined`: a client found the address in use (RFC 2131 §4.3.3); kept out of the pool until expiresAt. */
  readonly state: 'bound' | 'declined' | 'released';
}

/** Durable home of leases. */
export interface LeaseStore {
  /** All leases of a PXE server, expired ones too (for sticky re-use). */
  load(serverUuid: Uuid): Promise<readonly Lease[]>;
  /** Resolves when the leases (keyed by serverUuid + ip) are on disk; called with many at once. Repeating a call is harmless. */
  commit(leases: readonly Lease[]): Promise<void>;
}

/** What happened on the wire; the boot timeline and the diagnosis are made from these. */
export type PxeEvent =
  | {
      readonly kind: 'dhcp';
      readonly type: 'discover' | 'offer' | 'request' | 'ack' | 'nak' | 'decline' | 'release' | 'inform';
      readonly serverUuid: Uuid;
      readonly mac: Mac;
      readonly ip: Ipv4 | undefined;
      readonly firmware: Firmware | undefined;
      readonly ipxe: boolean;
      /** Name or URL of the boot file that went out with an offer or ack. */
      readonly bootFile: string | undefined;
      readonly bytes: number;
    }
  /** A client that got no answer; `sighting` lets a technician adopt it. */
  | { readonly kind: 'dhcp-ignored'; readonly sighting: MachineSighting; readonly reason: string }
  /** A client took the offer of another server (REQUEST with another option 54). */
  | {
      readonly kind: 'dhcp-other-server';
      readonly serverUuid: Uuid;
      readonly mac: Mac;
      readonly otherServer: Ipv4;
    }
  | { readonly kind: 'dhcp-pool-full'; readonly serverUuid: Uuid; readonly mac: Mac }
  /** Something unknown uses an address that was to go to `mac`: seen by a probe, or by the client itself (DECLINE). */
  | { readonly kind: 'dhcp-conflict'; readonly serverUuid: Uuid; readonly mac: Mac; readonly ip: Ipv4 }
  /** At the rate of the last minute `expected` more clients come soon, and only `free` addresses are left; at most every ten minutes. */
  | {
      readonly kind: 'dhcp-pool-forecast';
      readonly serverUuid: Uuid;
      readonly free: number;
      readonly expected: number;
    }
  /** Another DHCP server answered a DISCOVER of our own. */
  | {
      readonly kind: 'dhcp-foreign-server';
      readonly serverUuid: Uuid;
      readonly server: Ipv4;
      readonly serverMac?: Mac;
      readonly offered?: Ipv4;
      readonly bootFile?: string;
    }
  | {
      readonly kind: 'tftp';
      readonly phase: 'start' | 'progress' | 'done' | 'failed' | 'refused';
      readonly client: Ipv4;
      readonly file: string;
      /** Bytes acknowledged so far. */
      readonly bytes: number;
      readonly total: number;
      readonly reason: string | undefined;
      /** Data packets sent once more so far; absent on `start` and `refused`. */
      readonly retransmits?: number;
    }
  | {
      readonly kind: 'http';
      readonly phase: 'start' | 'progress' | 'done' | 'failed';
      readonly client: Ipv4;
      readonly token: string;
      readonly artefact: string;
      readonly bytes: number;
      readonly total: number;
      /** Why it failed; `failed` with `total` 0 is a request that was refused. A loader's `token` is empty. */
      readonly reason?: string;
    };

/** Receiver of events; must not throw and must return at once. */
export type PxeEventSink = (event: PxeEvent) => void;

/** What the boot HTTP listener answers to a GET of `/boot/<token>/<artefact>` or `/boot/<token>/source/<path>`. */
export type BootResource =
  /** Bytes of an install source, closed by the listener; or the mirror that has them. */
  | SourceResource
  /** A file on disk, streamed with Range and ETag. */
  | { readonly kind: 'file'; readonly path: string; readonly contentType: string }
  /**
   * A text made for this one read. `delivered` is called once, when the last byte was handed to a connection that then
   * closed cleanly; `broken` when it was not, so that a single-use text may be read again by the same machine.
   */
  | {
      readonly kind: 'text';
      readonly body: string;
      readonly contentType: string;
      readonly delivered?: () => void;
      readonly broken?: () => void;
    }
  | { readonly kind: 'refused'; readonly status: 403 | 404 | 410; readonly reason: string };

/** Where boot content comes from; declared here, implemented by the provisioning domain. */
export interface BootContent {
  get(request: {
    readonly token: string;
    readonly artefact: string;
    readonly client: Ipv4;
  }): Promise<BootResource>;
  /** A report from a booted machine. The answer's text goes back to it as text/plain. */
  post(request: {
    readonly token: string;
    readonly artefact: string;
    readonly client: Ipv4;
    readonly body: Uint8Array;
  }): Promise<{ readonly status: 200 | 400 | 403 | 404 | 409 | 410 | 503; readonly text: string }>;
}
