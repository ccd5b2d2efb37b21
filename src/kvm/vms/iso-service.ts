import type { Uuid } from '../../base/uuid.ts';
import { notFound } from '../checks.ts';
import { KvmError } from '../errors.ts';
import type { Image } from '../model.ts';
import { renderCdrom } from '../render/domain.ts';
import type { VmService } from '../service.ts';
import { type HostHands, refused, type VmContext } from './context.ts';
import { canTakeIso, chooseDrive, isUsableIso, pathOfImage } from './iso.ts';
import { placeOf } from './reconcile.ts';
import { scopeOf } from './update.ts';

/** Prints the numbers of those of its arguments that are readable files. */
const whichFiles = 'n=0; for f do [ -f "$f" ] && [ -r "$f" ] && echo "$n"; n=$((n + 1)); done; :';

/** Which of the images lie on a host. */
async function imagesOn(hands: HostHands, images: readonly Image[]): Promise<readonly Image[]> {
  if (images.length === 0) return [];
  const answer = await hands.run(['sh', '-c', whichFiles, 'sh', ...images.map(pathOfImage)]);
  const there = new Set(answer.stdout.split('\n').map((line) => line.trim()));
  return images.filter((_, index) => there.has(String(index)));
}

/** Refuses an image whose file the host does not have. */
export async function needImageOn(hands: HostHands, image: Image): Promise<void> {
  if ((await imagesOn(hands, [image])).length === 0) {
    throw refused(
      `host ${hands.host.name} has no file ${pathOfImage(image)} (image ${image.name}); copy it there, at the same path`,
    );
  }
}

/** ISO images in the CD-ROM drives of VMs. */
export function createIsoService(
  context: VmContext,
): Pick<VmService, 'attachIso' | 'detachIso' | 'isoCandidates' | 'vmCandidates'> {
  const { store, connections, log } = context.deps;

  async function isoOf(uuid: string): Promise<Image> {
    const iso = await store.getImage(uuid);
    if (iso === undefined) throw notFound('image', uuid, 'QueryImage');
    if (iso.mediaType !== 'ISO') {
      throw new KvmError('invalid-argument', `image ${iso.name} is a ${iso.mediaType}, not an ISO`);
    }
    return iso;
  }

  async function hasIso(hostUuid: Uuid, iso: Image): Promise<boolean> {
    if (!connections.isConnected(hostUuid)) return false;
    try {
      return (await imagesOn(await context.onHost(hostUuid, `image ${iso.name}`), [iso])).length > 0;
    } catch (error) {
      log.debug({ hostUuid, error }, 'a host could not be asked for an ISO');
      return false;
    }
  }

  return {
    async attachIso(vmUuid, isoUuid) {
      const iso = await isoOf(isoUuid);
      await context.exclusive(vmUuid, async (vm) => {
        if (vm.isoUuid === iso.uuid) return;
        if (iso.state !== 'Enabled') throw refused(`ISO ${iso.name} is disabled; enable it first`);
        if (vm.isoUuid !== undefined) {
          throw refused(`VM ${vm.name} has another ISO attached; detach that first`);
        }
        if (vm.state === 'Destroyed') throw refused(`VM ${vm.name} is destroyed; recover it first`);
        await context.operate(vm, { doing: 'attaching an ISO to' }, async (hands) => {
          await needImageOn(hands, iso);
          const running = (await hands.state()) !== 'Stopped';
          const scope = scopeOf(vm, running);
          const drive = chooseDrive(vm.domain?.disks ?? [], running);
          if (drive.kind === 'refused') throw refused(`VM ${vm.name} cannot take the ISO: ${drive.text}`);
          const path = pathOfImage(iso);
          await (drive.kind === 'new'
            ? hands.virsh.run(['attach-device', hands.domain, '--config', '/dev/stdin'], {
                input: renderCdrom(drive.target, path),
              })
            : hands.virsh.run(['change-media', hands.domain, drive.target, path, '--update', ...scope]));
          await context.change(vm.uuid, { isoUuid: iso.uuid });
        });
      });
    },

    detachIso: (vmUuid) =>
      context.exclusive(vmUuid, async (vm) => {
        const iso = vm.isoUuid === undefined ? undefined : await store.getImage(vm.isoUuid);
        const path = iso === undefined ? undefined : pathOfImage(iso);
        const drive = vm.domain?.disks.find((disk) => disk.device === 'cdrom' && disk.source === path);
        if (path === undefined || drive === undefined) {
          await context.change(vm.uuid, { isoUuid: undefined });
          return;
        }
        await context.operate(vm, { doing: 'detaching the ISO of' }, async (hands) => {
          const scope = scopeOf(vm, (await hands.state()) !== 'Stopped');
          await hands.virsh.run(['change-media', hands.domain, drive.target, '--eject', ...scope]);
          await context.change(vm.uuid, { isoUuid: undefined });
        });
      }),

    async isoCandidates(vmUuid) {
      const vm = await context.get(vmUuid);
      const place = placeOf(vm);
      if (!canTakeIso(vm) || place === undefined || !connections.isConnected(place)) return [];
      const hands = await context.onHost(place, `VM ${vm.name}`);
      return (await imagesOn(hands, (await store.listImages()).filter(isUsableIso))).map((iso) => iso.uuid);
    },

    async vmCandidates(isoUuid) {
      const iso = await isoOf(isoUuid);
      if (iso.state !== 'Enabled') return [];
      const vms = (await store.listVms()).filter(canTakeIso);
      const places = [...new Set(vms.map(placeOf).filter((uuid) => uuid !== undefined))];
      const having = new Set<Uuid>();
      await Promise.all(
        places.map(async (place) => {
          if (await hasIso(place, iso)) having.add(place);
        }),
      );
      return vms.filter((vm) => having.has(placeOf(vm) as Uuid)).map((vm) => vm.uuid);
    },
  };
}
