import { resolve } from 'node:path';
import type {
  AccountStore,
  JobStore,
  ManagementNodeStore,
  ProgressStore,
  QueryPort,
  WebHookStore,
} from '../api/ports.ts';
import type { RandomBytes } from '../base/random.ts';
import type { IommuStore } from '../iommu/ports.ts';
import type { KvmStore } from '../kvm/ports.ts';
import type { PlatformStore } from '../platform/ports.ts';
import type { ProvisionStore } from '../provision/ports.ts';
import type { LeaseStore } from '../pxe/ports.ts';
import { createAccountStore } from './accounts.ts';
import { openDatabase } from './database.ts';
import { createSession } from './group-commit.ts';
import { createIommuStore } from './iommu/index.ts';
import { createJobStore } from './jobs.ts';
import { openSecretBox } from './key-check.ts';
import { rememberingIdentities } from './identity-cache.ts';
import { createKvmStore } from './kvm/index.ts';
import { createLeaseStore } from './leases.ts';
import { createManagementNodeStore } from './management-node.ts';
import { migrations } from './migrations/index.ts';
import { migrate } from './migrations/migrate.ts';
import { createPlatformStore } from './platform/index.ts';
import { createProgressStore } from './progress.ts';
import { createProvisionStore } from './provision/index.ts';
import { createQueryPort } from './query/query-port.ts';
import { createWebHookStore } from './web-hooks.ts';
import { toStoreError } from './sqlite-errors.ts';

export interface StoreOptions {
  /** The database file; its directory is made (0700) when missing. */
  readonly path: string;
  /** The file with the key of the secrets; made (0600) at the first start. */
  readonly keyPath: string;
  readonly random: RandomBytes;
  /** Times of applied migrations, ms since the epoch. */
  readonly now?: () => number;
}

/** All ports over one database file. Everything rejects with StoreError, queries with QueryError too. */
export interface Store {
  readonly provision: ProvisionStore;
  readonly leases: LeaseStore;
  readonly query: QueryPort;
  readonly accounts: AccountStore;
  readonly jobs: JobStore;
  readonly webHooks: WebHookStore;
  readonly progress: ProgressStore;
  readonly managementNode: ManagementNodeStore;
  readonly platform: PlatformStore;
  readonly kvm: KvmStore;
  readonly iommu: IommuStore;
  /** Commits what is waiting and lets go of the file; may be called twice. */
  readonly close: () => Promise<void>;
}

/**
 * Opens (or makes) the database for this process alone. Rejects with StoreError: `io` with data.reason `in-use` or `unsafe-key`,
 * `damaged` for a wrong file, key or migration, `storage-full`.
 */
export async function openStore({ path, keyPath, random, now = Date.now }: StoreOptions): Promise<Store> {
  const db = openDatabase(resolve(path));
  try {
    migrate(db, migrations, now);
    const box = openSecretBox(db, resolve(keyPath), random);
    const session = createSession(db);
    return {
      provision: createProvisionStore(session, box, random),
      leases: createLeaseStore(session),
      query: createQueryPort(session, box),
      accounts: rememberingIdentities(createAccountStore(session)),
      jobs: createJobStore(session),
      webHooks: createWebHookStore(session),
      progress: createProgressStore(session),
      managementNode: createManagementNodeStore(session),
      platform: createPlatformStore(session),
      kvm: createKvmStore(session, box),
      iommu: createIommuStore(session),
      close: async () => session.close(),
    };
  } catch (error) {
    db.close();
    throw toStoreError(error, db.name);
  }
}
