import type { RandomBytes } from '../base/random.ts';
import type { Uuid } from '../base/uuid.ts';
import type { HostObserver } from '../kvm/index.ts';
import { attachPciDevice } from './attach/attach.ts';
import { createHostWork, type IommuDeps } from './attach/deps.ts';
import { detachPciDevice } from './attach/detach.ts';
import { setVfs } from './attach/vfs.ts';
import { createIommuWishes } from './boot/wishes.ts';
import { createDevices } from './devices.ts';
import { IommuError } from './errors.ts';
import { inOurTerms } from './foreign-errors.ts';
import { createPciObserver } from './observe.ts';
import { createOfferings } from './offerings/offerings.ts';
import { readHostPci } from './parse/host-pci.ts';
import type { IommuService } from './service.ts';

/** PCI devices and the IOMMU of hosts, ready to be told of looks. */
export interface Iommu {
  readonly service: IommuService;
  /** Registered behind the observer of the VMs: it reads their rows. */
  readonly observer: HostObserver;
  /** Lets nothing new begin on hosts and resolves when what is under way has ended; may be called twice. */
  close(): Promise<void>;
}

/** Composes the room. Nothing runs until a host is looked at or the service is called. */
export function createIommu(options: Omit<IommuDeps, 'work'> & { readonly random: RandomBytes }): Iommu {
  const deps: IommuDeps = { ...options, work: createHostWork() };
  const wishes = createIommuWishes(options);
  const devices = createDevices(deps);
  const offerings = createOfferings(options);
  const underWay = new Set<Promise<unknown>>();
  let closed = false;

  async function onHosts<T>(work: () => Promise<T>): Promise<T> {
    if (closed) throw new IommuError('refused', 'Rackwright is stopping; try again when it runs');
    const outcome = inOurTerms(work);
    underWay.add(outcome);
    try {
      return await outcome;
    } finally {
      underWay.delete(outcome);
    }
  }

  async function known(hostUuid: string): Promise<Uuid> {
    const host = await options.vmStore.getHost(hostUuid);
    if (host !== undefined) return host.uuid;
    throw new IommuError('not-found', `there is no host ${hostUuid}; QueryHost lists all`);
  }

  /** Without an IOMMU those VMs would not start after the next reboot of the host. */
  async function refuseWhileGiven(hostUuid: Uuid): Promise<void> {
    const given = (await options.store.listPciDevicesOf(hostUuid)).filter(
      ({ vmInstanceUuid }) => vmInstanceUuid !== undefined,
    );
    if (given.length === 0) return;
    const names = given.map(
      ({ pciDeviceAddress, vmInstanceUuid }) => `${pciDeviceAddress} (VM ${vmInstanceUuid})`,
    );
    throw new IommuError(
      'refused',
      `PCI devices of this host are given to VMs: ${names.join(', ')}; detach them first with DetachPciDeviceFromVm`,
    );
  }

  const service: IommuService = {
    planAttachment: (pciUuid, vmUuid) => inOurTerms(() => devices.planAttachment(pciUuid, vmUuid)),
    attachPciDevice: (pciUuid, vmUuid, report) =>
      onHosts(() => attachPciDevice(deps, pciUuid, vmUuid, report)),
    detachPciDevice: (pciUuid, vmUuid, report) =>
      onHosts(() => detachPciDevice(deps, pciUuid, vmUuid, report)),
    updatePciDevice: (uuid, change) => devices.updatePciDevice(uuid, change),
    deletePciDevice: (uuid) => devices.deletePciDevice(uuid),
    candidates: (vmUuid, types) => inOurTerms(() => devices.candidates(vmUuid, types)),
    generateVfs: (pciUuid, count) => onHosts(async () => setVfs(deps, pciUuid, wishedVfs(count))),
    removeVfs: (pciUuid) => onHosts(() => setVfs(deps, pciUuid, 0)),
    ...offerings,
    iommuState: async (hostUuid) => wishes.iommuState(await known(hostUuid)),
    iommuStatus: async (hostUuid) => wishes.iommuStatus(await known(hostUuid)),
    updateIommuState: (hostUuid, state, change) =>
      onHosts(async () => {
        const uuid = await known(hostUuid);
        if (state === 'Disabled') await refuseWhileGiven(uuid);
        return wishes.updateIommuState(uuid, state, change);
      }),
  };

  return {
    service,
    observer: createPciObserver(deps, {
      read: readHostPci,
      seen: (hostUuid, pci, probe) => wishes.seen(hostUuid, pci.iommu, probe),
      random: options.random,
    }),
    async close() {
      closed = true;
      await Promise.allSettled(underWay);
    },
  };
}

function wishedVfs(count: number): number {
  if (Number.isInteger(count) && count > 0) return count;
  throw new IommuError(
    'invalid-argument',
    'count: must be a whole number above 0; to remove them there is another call',
    {
      data: { parameter: 'count' },
    },
  );
}
