import { catalogue } from './catalogue.ts';
import { hosts } from './hosts.ts';
import { pci } from './pci.ts';
import { vms } from './vms.ts';

/** KVM hosts, what runs on them, and what VMs are made of and given. */
export const kvm = { ...hosts, ...vms, ...catalogue, ...pci } as const;
