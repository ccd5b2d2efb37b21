import { createTurns } from '../../base/turns.ts';
import type { HostObserver, UsbService } from '../service.ts';
import { createAttachments } from './attachments.ts';
import { createUsbContext, type UsbDeps } from './context.ts';
import { createUsbObserver } from './observer.ts';
import { createRedirects } from './redirect.ts';

/** USB devices of hosts and redirect channels of VMs. `observer` comes after the one of VMs; `close` may be called twice. */
export function createUsb(deps: UsbDeps): {
  readonly service: UsbService;
  readonly observer: HostObserver;
  close(): void;
} {
  const context = createUsbContext(deps, createTurns());
  const redirects = createRedirects(context);
  return {
    service: { ...createAttachments(context), ...redirects.service },
    observer: createUsbObserver(context),
    close: () => redirects.close(),
  };
}
