import type { Uuid } from '../../base/uuid.ts';
import type { Host, VmInstance } from '../model.ts';
import { networkUuidOf } from './names.ts';

/** A host as a place for VMs. */
export interface Place {
  readonly host: Host;
  readonly zoneUuid: Uuid | undefined;
  readonly clusterEnabled: boolean;
  readonly connected: boolean;
  /** Bytes that VMs do not get. */
  readonly reservedMemory: number;
  readonly vms: readonly VmInstance[];
}

/** What a new VM needs. */
export interface PlaceWish {
  readonly hostUuid: Uuid | undefined;
  readonly clusterUuid: Uuid | undefined;
  readonly zoneUuid: Uuid | undefined;
  readonly memorySize: number;
  /** Names of bridges, or their network uuids. */
  readonly bridges: readonly string[];
}

/** The bridge of a host that a name or network uuid means. */
export function bridgeOf(host: Host, wish: string): string | undefined {
  return host.facts?.bridges.find((bridge) => bridge === wish || networkUuidOf(bridge) === wish);
}

/** The host with the fewest VMs that can take the new one; else why none can, host by host. */
export function choosePlace(
  places: readonly Place[],
  wish: PlaceWish,
): { readonly host: Host } | { readonly refusal: string } {
  const asked = places.filter(
    ({ host, zoneUuid }) =>
      (wish.hostUuid === undefined || host.uuid === wish.hostUuid) &&
      (wish.clusterUuid === undefined || host.clusterUuid === wish.clusterUuid) &&
      (wish.zoneUuid === undefined || zoneUuid === wish.zoneUuid),
  );
  const judged = asked.map((place) => ({ place, against: obstacle(place, wish) }));
  const fit = judged.filter(({ against }) => against === undefined).map(({ place }) => place);
  const [best] = fit.toSorted((a, b) => a.vms.length - b.vms.length || (a.host.uuid < b.host.uuid ? -1 : 1));
  if (best) return { host: best.host };
  const reasons = judged.slice(0, 10).map(({ place, against }) => `${place.host.name}: ${against ?? ''}`);
  return {
    refusal:
      reasons.length === 0
        ? 'there is no host in the cluster or zone that was asked for; add one or ask for another place'
        : `no host can take the VM: ${reasons.join('; ')}`,
  };
}

function obstacle(place: Place, wish: PlaceWish): string | undefined {
  const { host, connected, vms } = place;
  if (host.state !== 'Enabled') return `it is in state ${host.state}; enable it (ChangeHostState)`;
  if (!place.clusterEnabled) return 'its cluster is disabled; enable it (ChangeClusterState)';
  if (!connected || host.facts === undefined) return 'it is not connected; reconnect it (ReconnectHost)';
  if (host.facts.libvirtVersion === undefined) return 'it has no libvirt; install it there';
  if (host.facts.architecture !== 'x86_64') {
    return `new VMs are made for x86_64, it is ${host.facts.architecture}; define the VM there with virsh, it shows up here`;
  }
  const missing = wish.bridges.filter((bridge) => bridgeOf(host, bridge) === undefined);
  if (missing.length > 0) {
    return `it has no bridge ${missing.join(', ')}; its bridges: ${host.facts.bridges.join(', ') || 'none'}`;
  }
  const used = vms
    .filter((vm) => vm.hostUuid === host.uuid)
    .reduce((sum, vm) => sum + vm.memorySize, place.reservedMemory);
  const free = host.facts.memorySize - used;
  return free < wish.memorySize
    ? `${mebibytes(free)} MiB of memory are free, ${mebibytes(wish.memorySize)} MiB are needed; stop a VM or take a smaller offering`
    : undefined;
}

function mebibytes(bytes: number): number {
  return Math.max(0, Math.floor(bytes / 2 ** 20));
}

/** `512M`, `1G` or plain bytes as bytes; 0 for no tag or a text that is none. */
export function bytesOfTag(text: string | undefined): number {
  const [, digits, unit = ''] = /^(\d{1,15})([KMGT]?)$/i.exec(text ?? '') ?? [];
  return digits === undefined ? 0 : Number(digits) * 1024 ** ' KMGT'.indexOf(unit.toUpperCase() || ' ');
}
