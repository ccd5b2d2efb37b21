import type { Readable } from 'node:stream';
import type { Static, TProperties, TSchema, TObject } from 'typebox';
import type { ConsoleService } from '../../console/index.ts';
import type { IommuService } from '../../iommu/index.ts';
import type { CatalogueService, HostService, UsbService, VmService } from '../../kvm/index.ts';
import type { Platform, TaggableType } from '../../platform/index.ts';
import type { ProvisionService } from '../../provision/index.ts';
import type { AccountService } from '../auth/accounts.ts';
import type { SessionWatch } from '../auth/session-watch.ts';
import type { Caller, Sessions } from '../auth/sessions.ts';
import type { ManagementNode } from '../management-node.ts';
import type { InventoryRow, ResourceDescription, ResourceName } from '../ports.ts';
import type { TaskProgress, TaskProgressReader } from './progress.ts';
import type { QueryString } from './query.ts';

/** What handlers work with. */
export interface ApiContext {
  readonly service: ProvisionService;
  readonly platform: Platform;
  readonly hosts: HostService;
  readonly vms: VmService;
  readonly usb: UsbService;
  readonly catalogue: CatalogueService;
  readonly iommu: IommuService;
  readonly consoles: ConsoleService;
  /** A PNG that a timeline names; undefined when there is none of that name. */
  readonly consolePicture: (chassisUuid: string, name: string) => Promise<Uint8Array | undefined>;
  readonly sessionWatch: Pick<SessionWatch, 'follow' | 'accounts'>;
  /** Looks at a KVM host and everything on it again. */
  readonly look: (hostUuid: string) => Promise<void>;
  readonly accounts: AccountService;
  readonly sessions: Sessions;
  readonly progress: TaskProgressReader;
  readonly managementNode: ManagementNode;
  describe(resource: ResourceName): ResourceDescription;
  /**
   * The inventory of one resource, rendered for clients; undefined when there is none. For `reading`, an answer that is not kept,
   * it may show passwords (see EnvelopeStyle.revealSecrets).
   */
  inventoryOf(resource: ResourceName, uuid: string, purpose?: 'reading'): Promise<unknown>;
  /** Answers a list API. */
  list(resource: ResourceName, query: QueryString): Promise<object>;
  /** Formats one object of our own like an inventory. */
  render(row: InventoryRow): unknown;
}

/** One call, checked. */
export interface ApiCall<Params> {
  readonly context: ApiContext;
  readonly params: Params;
  readonly systemTags: readonly string[];
  readonly userTags: readonly string[];
  readonly query: QueryString;
  /** Undefined for APIs without a session. */
  readonly caller: Caller | undefined;
  readonly remoteAddress: string;
  /** Where the caller reached us, up to and with `/v1`. */
  readonly baseUrl: string;
  /** Where a long call tells how far it is. */
  readonly progress: TaskProgress;
}

/** An answer that is no JSON: a whole body, or one that is read as the client takes it. Only of synchronous APIs. */
export class FileAnswer {
  readonly contentType: string;
  readonly body: Uint8Array | Readable;
  /** Name that a browser saves it under. */
  readonly fileName: string | undefined;

  constructor(contentType: string, body: Uint8Array | Readable, fileName?: string) {
    this.contentType = contentType;
    this.body = body;
    this.fileName = fileName;
  }
}

/** What a call answers, for the OpenAPI document and the conformance tests. */
export type AnswerShape =
  | { readonly kind: 'empty' }
  | { readonly kind: 'inventory' | 'inventories'; readonly resource: ResourceName }
  | { readonly kind: 'members'; readonly schema: TObject }
  | { readonly kind: 'file'; readonly contentType: string };

/**
 * One API of the manual. Several may share method and path: then `keys` tells which one a body means. Path variables land in the
 * parameter of their name, whatever the body says.
 */
export interface ApiDefinition<Params extends TObject = TObject> {
  readonly name: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below `/v1`, e.g. `/baremetal/chassis/:uuid`. */
  readonly path: string;
  /** Body members that hold the parameters; `params` for creations, the action's name for actions; none for GET and DELETE. */
  readonly keys: readonly string[];
  /** True: answered by 202 and a job. */
  readonly async: boolean;
  /** `session`: any account, which sees only what it owns or shares; `admin`: accounts of type SystemAdmin. */
  readonly access: 'anybody' | 'session' | 'admin';
  /** Default: GET reads, everything else changes something. An Auditor may only read, and only changes are audited. */
  readonly effect?: 'read' | 'change';
  /** One sentence for the OpenAPI document. */
  readonly summary: string;
  readonly answers: AnswerShape;
  /** What the call makes or acts on, for the audit log and for tags; the uuid is the parameter `uuid` or the answer's inventory. */
  readonly resourceType?: TaggableType;
  readonly params: Params;
  run(call: ApiCall<Static<Params>>): Promise<object>;
}

/** Checks a definition's types, then forgets the parameters' so that all fit in one table. */
export function defineApi<Properties extends TProperties>(
  definition: ApiDefinition<TObject<Properties>>,
): ApiDefinition {
  return definition;
}

/**
 * A parameter's schema with the marks that arguments.ts heeds: `secret` values are never trimmed, quoted or logged; of a `signedUrl` the
 * query, user and password are never quoted or logged.
 */
export type MarkedSchema = TSchema & {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly items?: TSchema;
  readonly secret?: boolean;
  readonly signedUrl?: boolean;
  readonly hint?: string;
};
