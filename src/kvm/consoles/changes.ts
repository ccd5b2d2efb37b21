import { messageOf } from '../../base/errors.ts';
import { type Logger, silentLog } from '../../base/log.ts';
import type { Uuid } from '../../base/uuid.ts';
import type { KvmStore } from '../ports.ts';

/** Tells who watches that rows of VMs changed. */
export interface VmChanges {
  /** The store, telling of every VM that is written or goes. */
  readonly store: KvmStore;
  /** Calls back after each change of a row; the answer stops it. */
  watch(changed: (vmUuid: Uuid) => void): () => void;
}

/** Puts itself between the store and those who write VMs: what is written is written, whatever a watcher does. */
export function watchVms(store: KvmStore, log: Logger = silentLog): VmChanges {
  const listeners = new Set<(vmUuid: Uuid) => void>();
  const tell = (uuids: readonly Uuid[]): void => {
    for (const uuid of uuids)
      for (const listener of listeners)
        try {
          listener(uuid);
        } catch (error) {
          log.error({ vm: uuid, reason: messageOf(error) }, 'a change of a VM could not be told');
        }
  };
  return {
    store: {
      ...store,
      async saveVm(vm) {
        await store.saveVm(vm);
        tell([vm.uuid]);
      },
      async deleteVm(uuid) {
        await store.deleteVm(uuid);
        tell([uuid as Uuid]);
      },
      async saveDomains(change) {
        await store.saveDomains(change);
        tell([...change.saved.map(({ uuid }) => uuid), ...change.gone]);
      },
      async deleteHost(uuid) {
        const vms = await store.listVmsOf(uuid as Uuid);
        await store.deleteHost(uuid);
        tell(vms.map((vm) => vm.uuid));
      },
    },
    watch(changed) {
      const listener = (uuid: Uuid): void => changed(uuid);
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
