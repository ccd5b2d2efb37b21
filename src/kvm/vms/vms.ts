import type { Uuid } from '../../base/uuid.ts';
import type { HostObserver, VmService } from '../service.ts';
import { createVmContext, type VmDeps } from './context.ts';
import { createCreation } from './create.ts';
import { createIsoService } from './iso-service.ts';
import { createLifecycle } from './lifecycle.ts';
import { createRemoval } from './removal.ts';
import { createVmSync } from './sync.ts';
import { createUpdate } from './update.ts';
import { createUsbRedirect } from './usb-redirect.ts';

/** The VMs of all KVM hosts. */
export interface Vms {
  readonly service: VmService;
  /** To be told of every look at a host, before those of PCI and USB devices. */
  readonly observer: HostObserver;
  /** To be told when a host is no longer connected: what ran there becomes Unknown until the next look. */
  hostGone(hostUuid: Uuid): Promise<void>;
  /** Waits for operations that run; may be called twice. */
  close(): Promise<void>;
}

/** Puts the VMs of KVM hosts together; every host is asked over `connections`. */
export function createVms(deps: VmDeps): Vms {
  const context = createVmContext(deps);
  return {
    service: {
      ...createCreation(context),
      ...createLifecycle(context),
      ...createRemoval(context),
      ...createUpdate(context),
      ...createIsoService(context),
      ...createUsbRedirect(context),
      exclusive: (uuid, work) => context.exclusive(uuid, work),
    },
    ...createVmSync(context),
    close: () => context.close(),
  };
}
