import type { Uuid } from '../../base/uuid.ts';
import type { DomainDetails, Image, VmInstance } from '../model.ts';

const scheme = 'file://';

/** The path on the hosts behind an image's `file:///...`. */
export function pathOfImage(image: Image): string {
  return image.url.startsWith(scheme) ? image.url.slice(scheme.length) : image.url;
}

/** The ISO image whose file is in a CD-ROM drive; `known` when several images share that file. */
export function attachedIso(
  disks: DomainDetails['disks'],
  isos: readonly Image[],
  known: Uuid | undefined,
): Uuid | undefined {
  const media = disks.filter((disk) => disk.device === 'cdrom').map((disk) => disk.source);
  const there = isos.filter((iso) => iso.mediaType === 'ISO' && media.includes(pathOfImage(iso)));
  return (there.find((iso) => iso.uuid === known) ?? there[0])?.uuid;
}

/** What a drive does for an ISO: a medium goes into an empty drive, or a new drive is needed. */
export type DriveChoice =
  | { readonly kind: 'drive'; readonly target: string }
  | { readonly kind: 'new'; readonly target: string }
  | { readonly kind: 'refused'; readonly text: string };

/** Where an ISO could go; a drive that has a medium is left alone, and SATA drives cannot be plugged into a running VM. */
export function chooseDrive(disks: DomainDetails['disks'], running: boolean): DriveChoice {
  const drives = disks.filter((disk) => disk.device === 'cdrom');
  const empty = drives.find((disk) => disk.source === undefined);
  if (empty) return { kind: 'drive', target: empty.target };
  const [full] = drives;
  if (full) {
    return {
      kind: 'refused',
      text: `its CD-ROM drive ${full.target} has ${full.source ?? 'a medium'} in it; take that out first (DetachIsoFromVmInstance, or virsh change-media --eject on the host)`,
    };
  }
  if (running) return { kind: 'refused', text: 'it has no CD-ROM drive; stop it first, then it gets one' };
  const used = new Set(disks.map((disk) => disk.target));
  const target = 'abcdefghijklmnopqrstuvwxyz'
    .split('')
    .map((letter) => `sd${letter}`)
    .find((t) => !used.has(t));
  return target === undefined
    ? { kind: 'refused', text: 'it has no free drive letter left' }
    : { kind: 'new', target };
}

/** An ISO that can be given to VMs at all. */
export function isUsableIso(image: Image): boolean {
  return image.mediaType === 'ISO' && image.state === 'Enabled';
}

/** A VM that an ISO could be given to, apart from whether its host has the file. */
export function canTakeIso(vm: VmInstance): boolean {
  return (
    (vm.state === 'Running' || vm.state === 'Stopped') &&
    vm.isoUuid === undefined &&
    vm.domain !== undefined &&
    chooseDrive(vm.domain.disks, vm.state === 'Running').kind !== 'refused'
  );
}
