import type { Duplex } from 'node:stream';
import { notFound } from '../checks.ts';
import type { VmInstance } from '../model.ts';
import type { UsbService } from '../service.ts';
import { pickChannel } from './channel.ts';
import type { UsbContext } from './context.ts';
import { NetError } from '../../net/errors.ts';
import { KvmError } from '../errors.ts';
import { createTickets } from './tickets.ts';

type Redirects = Pick<UsbService, 'createRedirectTicket' | 'openRedirect' | 'revokeTickets'>;

/** Streams to the USB redirect channels of running VMs. */
export function createRedirects(context: UsbContext): {
  readonly service: Redirects;
  close(): void;
} {
  const { store, connections } = context;
  const tickets = createTickets(context);
  const busy = new Set<string>();
  const streams = new Set<Duplex>();

  async function vmOf(uuid: string): Promise<VmInstance> {
    const vm = await store.getVm(uuid);
    if (vm === undefined) throw notFound('VM', uuid, 'QueryVmInstance');
    return vm;
  }

  const service: Redirects = {
    async createRedirectTicket(vmUuid, owner) {
      const vm = await vmOf(vmUuid);
      const { protocol } = pickChannel(vm, busy);
      return { ...tickets.issue({ vmInstanceUuid: vm.uuid, owner, protocol }), protocol };
    },
    async openRedirect(ticket) {
      const subject = tickets.take(ticket);
      if (subject === undefined) return undefined;
      const vm = await vmOf(subject.vmInstanceUuid);
      const { target, protocol, key } = pickChannel(vm, busy);
      if (protocol !== subject.protocol || vm.hostUuid === undefined) {
        throw new KvmError('refused', `VM ${vm.name} was restarted with other channels; take a new ticket`);
      }
      // Before the first wait: two tickets must not get the same channel.
      if (key !== undefined) busy.add(key);
      const free = (): void => {
        if (key !== undefined) busy.delete(key);
      };
      const stream = await connections.stream(vm.hostUuid, target).catch((error: unknown) => {
        free();
        if (!(error instanceof NetError)) throw error;
        const text = `the USB redirect channel of VM ${vm.name} cannot be reached: ${error.message}; look at the VM on its host, then take a new ticket`;
        throw new KvmError('command-failed', text, { cause: error });
      });
      streams.add(stream);
      stream.once('close', () => {
        streams.delete(stream);
        free();
      });
      return { stream, protocol, owner: subject.owner, vmInstanceUuid: vm.uuid };
    },
    revokeTickets: (owner) => tickets.revoke(owner),
  };
  return {
    service,
    close() {
      tickets.clear();
      for (const stream of streams) stream.destroy();
    },
  };
}
