import type { Mac } from '../../base/mac.ts';
import { parseUuid, type Uuid } from '../../base/uuid.ts';
import type { Host, Image, VmInstance, VmNic, VmState } from '../model.ts';
import type { KvmNotice } from '../ports.ts';
import type { Domain } from '../parse/domains.ts';
import { attachedIso } from './iso.ts';
import { networkUuidOf, nicUuidOf } from './names.ts';

/** What is known when a host was looked at. */
export interface DomainLook {
  readonly host: Host;
  readonly zoneUuid: Uuid | undefined;
  readonly domains: readonly Domain[];
  /** All that the host lists, also those whose definition could not be read: they are not gone. */
  readonly listed: ReadonlySet<Uuid>;
  /** The host's rows, and rows of other hosts whose domain is seen here. */
  readonly stored: readonly VmInstance[];
  /** States of operations in flight. */
  readonly busy: ReadonlyMap<Uuid, VmState>;
  readonly isConnected: (hostUuid: Uuid) => boolean;
  readonly isos: readonly Image[];
  /** ms since the epoch. */
  readonly now: number;
}

/** How the rows change so that they agree with the host. */
export interface DomainChange {
  readonly saved: readonly VmInstance[];
  readonly gone: readonly Uuid[];
  readonly notices: readonly KvmNotice[];
}

const resting: readonly VmState[] = ['Stopped', 'Destroyed', 'Created'];

/** The host is the truth about its domains; a Destroyed VM, one in the middle of an operation and one that runs elsewhere keep their state. */
export function reconcileDomains(look: DomainLook): DomainChange {
  const rows = new Map(look.stored.map((vm) => [vm.uuid, vm]));
  const saved: VmInstance[] = [];
  const notices: KvmNotice[] = [];
  const seen = new Set<Uuid>();
  for (const domain of look.domains) {
    const uuid = parseUuid(domain.uuid);
    if (uuid === undefined) continue;
    const row = rows.get(uuid);
    if (row !== undefined && staysElsewhere(row, domain, look)) continue;
    seen.add(uuid);
    const vm = vmOf(uuid, domain, row, look);
    if (row !== undefined && canonical(vm) === canonical(row)) continue;
    saved.push({ ...vm, lastOpDate: look.now });
    const notice = row === undefined ? undefined : noticeOf(row, vm, look);
    if (notice !== undefined) notices.push(notice);
  }
  const lost = look.stored.filter(
    (vm) => placeOf(vm) === look.host.uuid && !seen.has(vm.uuid) && !look.listed.has(vm.uuid),
  );
  const gone = lost.filter((vm) => !look.busy.has(vm.uuid) && !isKept(vm));
  notices.push(...gone.filter((vm) => vm.state !== 'Destroyed').map((vm) => goneNotice(vm, look.host)));
  return { saved, gone: gone.map((vm) => vm.uuid), notices };
}

/** The host where it runs or where its definition lies. */
export function placeOf(vm: VmInstance): Uuid | undefined {
  return vm.hostUuid ?? vm.lastHostUuid;
}

/** Its definition is gone, but the disks that we made wait to be expunged. */
function isKept(vm: VmInstance): boolean {
  return vm.state === 'Destroyed' && vm.domain?.ours === true;
}

/** A second definition, left behind by a migration, does not take the VM away from a host that we see. */
function staysElsewhere(row: VmInstance, domain: Domain, look: DomainLook): boolean {
  const place = placeOf(row);
  if (place === undefined || place === look.host.uuid) return false;
  return domain.state === 'Stopped' && look.isConnected(place);
}

function vmOf(uuid: Uuid, domain: Domain, row: VmInstance | undefined, look: DomainLook): VmInstance {
  const { host, now } = look;
  const state = stateOf(uuid, domain, row, look);
  return {
    uuid,
    name: textOf(domain.title) ?? domain.name,
    description: textOf(domain.description),
    hostUuid: resting.includes(state) ? undefined : host.uuid,
    lastHostUuid: host.uuid,
    clusterUuid: host.clusterUuid,
    zoneUuid: look.zoneUuid,
    instanceOfferingUuid: row?.instanceOfferingUuid ?? domain.metadata?.instanceOfferingUuid,
    imageUuid: row?.imageUuid ?? domain.metadata?.imageUuid,
    isoUuid: attachedIso(domain.details.disks, look.isos, row?.isoUuid),
    platform: row?.platform,
    type: 'UserVm',
    hypervisorType: 'KVM',
    memorySize: domain.memorySize,
    cpuNum: domain.cpuNum,
    allocatorStrategy: row?.allocatorStrategy,
    state,
    nics: domain.nics.map((nic, index) => nicOf(uuid, nic, index)),
    domain: domain.details,
    createDate: row?.createDate ?? now,
    lastOpDate: row?.lastOpDate ?? now,
  };
}

function stateOf(uuid: Uuid, domain: Domain, row: VmInstance | undefined, look: DomainLook): VmState {
  const busy = look.busy.get(uuid);
  if (busy !== undefined) return busy;
  const stays = row?.state === 'Destroyed' || row?.state === 'Created';
  return stays && domain.state === 'Stopped' ? row.state : domain.state;
}

function textOf(text: string | undefined): string | undefined {
  return text === undefined || text.trim() === '' ? undefined : text;
}

function nicOf(
  vm: Uuid,
  nic: { readonly mac: Mac; readonly bridge?: string | undefined },
  deviceId: number,
): VmNic {
  const { mac, bridge } = nic;
  return {
    uuid: nicUuidOf(vm, mac),
    mac,
    bridge,
    l3NetworkUuid: bridge === undefined ? undefined : networkUuidOf(bridge),
    deviceId,
  };
}

/** The same row gives the same text, whatever the order of its members. */
function canonical(vm: VmInstance): string {
  return JSON.stringify({ ...vm, lastOpDate: 0 }, (_key, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
}

function noticeOf(before: VmInstance, after: VmInstance, look: DomainLook): KvmNotice | undefined {
  if (before.state === after.state || look.busy.has(after.uuid)) return undefined;
  const about = { type: 'VmInstanceVO', uuid: after.uuid } as const;
  const facts = { before: before.state, after: after.state, hostUuid: look.host.uuid };
  const where = `VM ${after.name} on host ${look.host.name}`;
  if (after.state === 'Crashed') {
    const text = `${where} has crashed; stop it (cold) and start it again, its log is in /var/log/libvirt/qemu of the host`;
    return { name: 'vm-changed', severity: 'Warning', text, about, facts };
  }
  if (before.state === 'Running' && after.state === 'Stopped') {
    const text = `${where} was stopped, by its guest or by somebody on the host; start it if it should run`;
    return { name: 'vm-changed', severity: 'Info', text, about, facts };
  }
  return undefined;
}

function goneNotice(vm: VmInstance, host: Host): KvmNotice {
  return {
    name: 'vm-changed',
    severity: 'Warning',
    text: `VM ${vm.name} is no longer defined on host ${host.name}: somebody removed or moved it there; it is off our list until a host shows it again`,
    about: { type: 'VmInstanceVO', uuid: vm.uuid },
    facts: { before: vm.state, after: undefined, hostUuid: host.uuid },
  };
}
