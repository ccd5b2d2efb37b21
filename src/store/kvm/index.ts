import type { KvmStore } from '../../kvm/ports.ts';
import type { Session } from '../group-commit.ts';
import type { SecretBox } from '../secret-box.ts';
import { createCatalogueStore } from './catalogue.ts';
import { createHostStore } from './hosts.ts';
import { createUsbStore } from './usb-devices.ts';
import { createVmStore } from './vms.ts';

/** Storage of KVM hosts and what is on them. */
export function createKvmStore(session: Session, box: SecretBox): KvmStore {
  return {
    ...createHostStore(session, box),
    ...createVmStore(session),
    ...createCatalogueStore(session),
    ...createUsbStore(session),
  };
}
