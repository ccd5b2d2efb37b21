import { messageOf } from '../../base/errors.ts';
import type { Mac } from '../../base/mac.ts';
import { parseUuid, type Uuid } from '../../base/uuid.ts';
import { KvmError } from '../errors.ts';
import type { DomainDetails, VmState } from '../model.ts';
import type { RawDomain, RawProbe } from '../probe/raw.ts';
import { childOf, parseXml, textOf, type XmlElement } from '../xml.ts';
import { readDetails, readNics } from './domain-devices.ts';
import { type DomainMetadata, readMetadata } from './domain-metadata.ts';

/** A libvirt domain of a host. */
export interface Domain {
  readonly uuid: Uuid;
  readonly name: string;
  readonly title?: string;
  readonly description?: string;
  readonly state: VmState;
  /** Bytes that it may have. */
  readonly memorySize: number;
  /** CPUs that it has now. */
  readonly cpuNum: number;
  /** `bridge`: the bridge, or the libvirt network. */
  readonly nics: readonly { readonly mac: Mac; readonly bridge?: string }[];
  /** What CreateVmInstance wrote into it; undefined for a domain that is not ours. */
  readonly metadata: DomainMetadata | undefined;
  readonly details: DomainDetails;
}

/** A domain that is there but cannot be read: it must not be taken for gone. */
export interface UnreadDomain {
  readonly uuid: Uuid;
  readonly reason: string;
}

/**
 * The domains of a look and those that could not be read. Throws KvmError when libvirt did not answer, which is not the same as having
 * none: `host-unfit` without virsh, else `command-failed` with what virsh said.
 */
export function lookAtDomains(probe: RawProbe): {
  readonly domains: readonly Domain[];
  readonly unread: readonly UnreadDomain[];
} {
  if (probe.domains === undefined) throw noDomains(probe);
  const domains = new Map<Uuid, Domain>();
  const unread: UnreadDomain[] = [];
  for (const raw of probe.domains) {
    const uuid = parseUuid(raw.uuid);
    if (uuid === undefined || domains.has(uuid)) continue;
    try {
      domains.set(uuid, readDomain(uuid, raw));
    } catch (error) {
      if (!(error instanceof KvmError)) throw error;
      unread.push({ uuid, reason: messageOf(error) });
    }
  }
  return { domains: [...domains.values()], unread };
}

/** The domains of a look that can be read; throws as `lookAtDomains`. */
export function readDomains(probe: RawProbe): readonly Domain[] {
  return lookAtDomains(probe).domains;
}

function noDomains(probe: RawProbe): KvmError {
  const words = probe.failures?.get('versions') ?? probe.failures?.get('domains');
  const hasVirsh = words !== undefined || probe.sections.has('versions');
  return hasVirsh
    ? new KvmError(
        'command-failed',
        `libvirt on the host does not answer; start libvirtd or virtqemud there. virsh said: ${oneLine(words ?? 'nothing')}`,
      )
    : new KvmError('host-unfit', 'the host has no virsh; install libvirt and its client there');
}

/** virsh's words for states, with those of old versions. */
const states: Readonly<Record<string, VmState>> = {
  running: 'Running',
  idle: 'Running',
  paused: 'Paused',
  'in shutdown': 'Stopping',
  'shut off': 'Stopped',
  crashed: 'Crashed',
  dying: 'Stopping',
  // Asleep; `virsh dompmwakeup` and resume wake it.
  pmsuspended: 'Paused',
};

function readDomain(uuid: Uuid, raw: RawDomain): Domain {
  const state = states[raw.state] ?? 'Unknown';
  const shown = readDefinition(uuid, raw.xml);
  const runs = state !== 'Stopped' && state !== 'Crashed';
  // A domain that does not run is shown as it is defined.
  const config = !raw.persistent
    ? undefined
    : raw.inactiveXml === ''
      ? shown
      : readDefinition(uuid, raw.inactiveXml);
  const live = runs ? shown : undefined;
  const now = live ?? config ?? shown;
  const name = textOf(now, 'name');
  const title = textOf(now, 'title');
  const description = textOf(now, 'description');
  if (name === undefined) throw new KvmError('command-failed', 'its definition has no name');
  const metadata = readMetadata(config) ?? readMetadata(shown);
  return {
    uuid,
    name: name.slice(0, 255),
    ...(title === undefined ? {} : { title: title.slice(0, 255) }),
    ...(description === undefined ? {} : { description: description.slice(0, 2048) }),
    state,
    memorySize: bytesOf(childOf(now, 'memory')),
    cpuNum: cpusOf(childOf(now, 'vcpu')),
    nics: readNics(now),
    metadata,
    details: { ...readDetails({ live, config }), domainName: name, ours: metadata?.ours === true },
  };
}

function readDefinition(uuid: Uuid, xml: string): XmlElement {
  if (xml === '') throw new KvmError('command-failed', 'virsh printed no definition; it may be gone by now');
  const domain = parseXml(xml);
  if (domain.name !== 'domain' || parseUuid(textOf(domain, 'uuid') ?? '') !== uuid) {
    throw new KvmError('command-failed', 'what virsh printed is not the definition of this domain');
  }
  return domain;
}

/** libvirt's units: `k` is KiB and `KB` is 1000 bytes. */
const units: Readonly<Record<string, number>> = {
  b: 1,
  bytes: 1,
  kb: 1000,
  k: 2 ** 10,
  kib: 2 ** 10,
  mb: 1e6,
  m: 2 ** 20,
  mib: 2 ** 20,
  gb: 1e9,
  g: 2 ** 30,
  gib: 2 ** 30,
  tb: 1e12,
  t: 2 ** 40,
  tib: 2 ** 40,
};

function bytesOf(element: XmlElement | undefined): number {
  const unit = units[(element?.attributes.get('unit') ?? 'KiB').toLowerCase()];
  const value = element?.text.trim() ?? '';
  const bytes = unit !== undefined && /^\d{1,16}$/.test(value) ? Number(value) * unit : Number.NaN;
  if (!Number.isSafeInteger(bytes)) throw new KvmError('command-failed', 'its memory size cannot be read');
  return bytes;
}

function cpusOf(element: XmlElement | undefined): number {
  const value = element?.attributes.get('current') ?? element?.text.trim() ?? '';
  if (!/^\d{1,5}$/.test(value)) throw new KvmError('command-failed', 'its number of CPUs cannot be read');
  return Number(value);
}

function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\s]+/gu, ' ').trim();
}
