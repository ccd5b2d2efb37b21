import { macFromBytes, type Mac } from '../../base/mac.ts';
import type { RandomBytes } from '../../base/random.ts';
import { messageOf } from '../../base/errors.ts';
import { parseUuid, type Uuid } from '../../base/uuid.ts';
import { badArgument, checkName, checkResourceUuid, notFound, takenUuid } from '../checks.ts';
import type { Host, Image, InstanceOffering, VmInstance } from '../model.ts';
import { type DomainPlan, renderDomain } from '../render/domain.ts';
import type { CreateVmInput, VmService } from '../service.ts';
import { failure } from '../virsh.ts';
import { refused, type VmContext, type VmHands } from './context.ts';
import { makeFolder, removeFolders, vmFolder } from './folders.ts';
import { pathOfImage } from './iso.ts';
import { needImageOn } from './iso-service.ts';
import { startDomain } from './lifecycle.ts';
import { nicUuidOf, networkUuidOf } from './names.ts';
import { bridgeOf, bytesOfTag, choosePlace, type Place } from './place.ts';
import { redirectTag } from './usb-redirect.ts';
import { checkDescription } from './update.ts';

/** What a new VM is made from, checked. */
interface Order {
  readonly input: CreateVmInput;
  readonly uuid: Uuid;
  readonly name: string;
  readonly offering: InstanceOffering;
  readonly image: Image;
}

/** A hypervisor's own addresses that no other VM has. */
function newMacs(count: number, taken: ReadonlySet<Mac>, random: RandomBytes): readonly Mac[] {
  const macs = new Set<Mac>();
  for (let tries = 0; macs.size < count && tries < count + 1000; tries++) {
    const mac = macFromBytes(Uint8Array.from([0x52, 0x54, 0, ...random(3)]));
    if (mac !== undefined && !taken.has(mac)) macs.add(mac);
  }
  if (macs.size < count) throw refused('no free MAC address was found; remove VMs that are no longer used');
  return [...macs];
}

function uuidOrNone(parameter: string, text: string | undefined): Uuid | undefined {
  if (text === undefined || text === '') return undefined;
  const uuid = parseUuid(text);
  if (uuid === undefined) throw badArgument(parameter, 'must be a uuid of 32 hex digits');
  return uuid;
}

/** New VMs: a disk over an image, or an empty one with an ISO to install from. */
export function createCreation(context: VmContext): Pick<VmService, 'createVm'> {
  const { store, tags, connections, random, clock, log } = context.deps;

  async function orderOf(input: CreateVmInput): Promise<Order> {
    const uuid = checkResourceUuid(input.resourceUuid, random);
    if ((await store.getVm(uuid)) !== undefined) throw takenUuid(uuid);
    const name = checkName(input.name);
    if (input.description !== undefined) checkDescription(input.description);
    const offering = await store.getInstanceOffering(input.instanceOfferingUuid);
    if (offering === undefined) {
      throw notFound('instance offering', input.instanceOfferingUuid, 'QueryInstanceOffering');
    }
    if (offering.state !== 'Enabled')
      throw refused(`instance offering ${offering.name} is disabled; enable it`);
    const image = await store.getImage(input.imageUuid);
    if (image === undefined) throw notFound('image', input.imageUuid, 'QueryImage');
    if (image.state !== 'Enabled') throw refused(`image ${image.name} is disabled; enable it`);
    if (image.mediaType === 'DataVolumeTemplate') {
      throw badArgument(
        'imageUuid',
        `image ${image.name} is no root volume; take a RootVolumeTemplate or an ISO`,
      );
    }
    const { rootDiskSize } = input;
    if (rootDiskSize !== undefined && !(Number.isSafeInteger(rootDiskSize) && rootDiskSize >= 2 ** 20)) {
      throw badArgument('rootDiskSize', 'must be a whole number of bytes, at least 1 MiB');
    }
    if (image.mediaType === 'ISO' && rootDiskSize === undefined) {
      throw badArgument('rootDiskSize', 'an ISO is installed onto an empty disk: say how large it shall be');
    }
    return { input, uuid, name, offering, image };
  }

  async function placeFor({ input, offering }: Order): Promise<Host> {
    const places = await Promise.all(
      (await store.listHosts()).map(async (host): Promise<Place> => {
        const cluster = await store.clusterOf(host.clusterUuid);
        return {
          host,
          zoneUuid: cluster?.zoneUuid,
          clusterEnabled: cluster?.state === 'Enabled',
          connected: connections.isConnected(host.uuid),
          reservedMemory: bytesOfTag(await tags.valueOf(host.uuid, 'reservedMemory')),
          vms: await store.listVmsOf(host.uuid),
        };
      }),
    );
    const choice = choosePlace(places, {
      hostUuid: uuidOrNone('hostUuid', input.hostUuid),
      clusterUuid: uuidOrNone('clusterUuid', input.clusterUuid),
      zoneUuid: uuidOrNone('zoneUuid', input.zoneUuid),
      memorySize: offering.memorySize,
      bridges: input.l3NetworkUuids,
    });
    if ('refusal' in choice) throw refused(choice.refusal);
    return choice.host;
  }

  /** Chooses the host and keeps the VM's place on it, so that a second creation sees that the memory is taken. */
  const reserve = (order: Order): Promise<{ readonly vm: VmInstance; readonly host: Host }> =>
    context.rows(async () => {
      const host = await placeFor(order);
      const { input, uuid, offering, image } = order;
      const cluster = await store.clusterOf(host.clusterUuid);
      const taken = new Set((await store.listVms()).flatMap((vm) => vm.nics.map((nic) => nic.mac)));
      const macs = newMacs(input.l3NetworkUuids.length, taken, random);
      const now = clock.now();
      const vm: VmInstance = {
        uuid,
        name: order.name,
        description: input.description,
        hostUuid: host.uuid,
        lastHostUuid: host.uuid,
        clusterUuid: host.clusterUuid,
        zoneUuid: cluster?.zoneUuid,
        instanceOfferingUuid: offering.uuid,
        imageUuid: image.uuid,
        isoUuid: undefined,
        platform: input.platform ?? image.platform,
        type: 'UserVm',
        hypervisorType: 'KVM',
        memorySize: offering.memorySize,
        cpuNum: offering.cpuNum,
        allocatorStrategy: offering.allocatorStrategy,
        state: 'Created',
        nics: macs.map((mac, deviceId) => {
          const bridge = bridgeOf(host, input.l3NetworkUuids[deviceId] ?? '');
          const l3NetworkUuid = bridge === undefined ? undefined : networkUuidOf(bridge);
          return { uuid: nicUuidOf(uuid, mac), mac, bridge, l3NetworkUuid, deviceId };
        }),
        domain: undefined,
        createDate: now,
        lastOpDate: now,
      };
      await store.saveVm(vm);
      return { vm, host };
    });

  async function makeDisk(hands: VmHands, { input, image }: Order, rootDisk: string): Promise<void> {
    const base = image.mediaType === 'ISO' ? [] : ['-b', pathOfImage(image), '-F', image.format];
    const size = input.rootDiskSize === undefined ? [] : [String(input.rootDiskSize)];
    const argv = ['qemu-img', 'create', '-q', '-f', 'qcow2', ...base, rootDisk, ...size];
    const made = await hands.run(argv, { timeoutMs: 120_000 });
    if (made.exitCode !== 0) throw failure(`making the disk ${rootDisk}`, made);
  }

  /** Refuses what would overwrite something; nothing is made yet. */
  async function prepare(hands: VmHands, { image, uuid }: Order): Promise<void> {
    await needImageOn(hands, image);
    const defined = await hands.virsh.run(['list', '--all', '--uuid']);
    if (defined.split('\n').some((line) => line.trim() === hands.domain)) throw takenUuid(uuid);
    const folder = vmFolder(uuid);
    if ((await hands.run(['test', '-e', folder])).exitCode === 0) {
      throw refused(
        `host ${hands.host.name} has a folder ${folder} already; move it away, or ask for another resourceUuid`,
      );
    }
  }

  async function make(hands: VmHands, order: Order, report: (text: string) => void): Promise<void> {
    const { input, image } = order;
    const { vm, host, virsh } = hands;
    const folder = vmFolder(vm.uuid);
    const rootDisk = `${folder}/root.qcow2`;
    report(`making the disk on host ${host.name}`);
    await makeFolder(hands, folder, '0711');
    await makeDisk(hands, order, rootDisk);
    const plan: DomainPlan = {
      ...vm,
      instanceOfferingUuid: order.offering.uuid,
      imageUuid: image.uuid,
      accelerated: host.facts?.hasKvm === true,
      rootDisk,
      iso: image.mediaType === 'ISO' ? pathOfImage(image) : undefined,
      nics: vm.nics.flatMap(({ mac, bridge }) => (bridge === undefined ? [] : [{ mac, bridge }])),
    };
    await virsh.run(['define', '/dev/stdin'], { input: renderDomain(plan) });
    report('defined on the host');
    if (input.systemTags?.includes(`${redirectTag}::true`) === true) {
      await tags.set('VmInstanceVO', vm.uuid, redirectTag, 'true');
    }
    if ((input.strategy ?? 'InstantStart') !== 'InstantStart') return;
    report('starting');
    await startDomain(context, hands);
  }

  /** Takes away what was made; what cannot be taken away is told in the log. */
  async function undo(hands: VmHands): Promise<void> {
    const { uuid } = hands.vm;
    try {
      // Whether it was defined or started is not always known; what is not there is not harmed.
      await hands.virsh.attempt(['destroy', hands.domain]);
      await hands.virsh.attempt(['undefine', hands.domain, '--nvram', '--managed-save']);
      await removeFolders(hands, uuid);
    } catch (left) {
      log.warn(
        { vm: uuid, host: hands.host.name, folder: vmFolder(uuid), error: messageOf(left) },
        'a VM that could not be created may have left its folder behind; remove it by hand',
      );
    }
    await tags.set('VmInstanceVO', uuid, redirectTag, undefined);
  }

  return {
    async createVm(input, report) {
      const order = await orderOf(input);
      const meanwhile = {
        InstantStart: 'Starting',
        CreateStopped: 'Stopped',
        JustCreate: 'Created',
      } as const;
      const how = { doing: 'creating', meanwhile: meanwhile[input.strategy ?? 'InstantStart'] };
      await context.turn(order.uuid, async () => {
        const { vm, host } = await reserve(order);
        const forget = (): Promise<void> => context.rows(() => store.deleteVm(vm.uuid));
        report(`host ${host.name} was chosen`);
        const made = context.operate(vm, how, async (hands) => {
          // The row goes before the look that follows, which would otherwise miss a VM.
          await prepare(hands, order).catch(async (error: unknown) => {
            await forget();
            throw error;
          });
          await make(hands, order, report).catch(async (error: unknown) => {
            await undo(hands);
            await forget();
            throw error;
          });
        });
        await made.catch(async (error: unknown) => {
          await forget();
          throw error;
        });
      });
      return order.uuid;
    },
  };
}
