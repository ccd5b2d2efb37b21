import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Mac } from '../../../src/base/mac.ts';
import type { VmInstance, VmState } from '../../../src/kvm/model.ts';
import type { Domain } from '../../../src/kvm/parse/domains.ts';
import { networkUuidOf } from '../../../src/kvm/vms/names.ts';
import { type DomainLook, reconcileDomains } from '../../../src/kvm/vms/reconcile.ts';
import { cases } from '../../support/cases.ts';
import { host, iso, uuid } from './world.ts';

const here = host();
const there = host({ name: 'kvm-2' });

function domain(change: Partial<Domain> = {}): Domain {
  return {
    uuid: uuid(),
    name: 'web',
    state: 'Running',
    memorySize: 2 ** 30,
    cpuNum: 2,
    nics: [{ mac: '52:54:00:00:00:01' as Mac, bridge: 'br0' }],
    metadata: undefined,
    details: {
      domainName: 'web',
      persistent: true,
      ours: false,
      disks: [],
      pciAddresses: { config: [], live: [] },
      usbDevices: [],
      redirections: [],
      configuredRedirections: 0,
      graphics: [],
      serial: undefined,
      emulator: undefined,
      virtualization: 'kvm',
    },
    ...change,
  };
}

function look(change: Partial<DomainLook> = {}): DomainLook {
  const domains = change.domains ?? [];
  return {
    host: here,
    zoneUuid: uuid(),
    domains,
    listed: new Set(domains.map((one) => one.uuid)),
    stored: [],
    busy: new Map(),
    isConnected: () => true,
    isos: [],
    now: 1000,
    ...change,
  };
}

function stored(of: Domain, at = here): VmInstance {
  const [vm] = reconcileDomains(look({ host: at, domains: [of] })).saved;
  if (vm === undefined) throw new Error('nothing was saved');
  return vm;
}

describe('domains become VMs', () => {
  it('takes the title before the name, and all that the domain says', () => {
    const one = domain({ title: 'Web server', description: ' ' });
    expect(stored(one)).toMatchObject({
      uuid: one.uuid,
      name: 'Web server',
      description: undefined,
      hostUuid: here.uuid,
      lastHostUuid: here.uuid,
      clusterUuid: here.clusterUuid,
      state: 'Running',
      memorySize: 2 ** 30,
      nics: [{ mac: '52:54:00:00:00:01', bridge: 'br0', l3NetworkUuid: networkUuidOf('br0'), deviceId: 0 }],
    });
    expect(stored(one).nics[0]?.uuid).toBe(stored(one).nics[0]?.uuid);
    expect(stored(one).nics[0]?.uuid).not.toBe(stored(domain()).nics[0]?.uuid);
  });

  it('gives a bridge the same network uuid everywhere', () => {
    // As Python's uuid.uuid5 makes it.
    expect(networkUuidOf('br0')).toBe('65cf045317dc58dca730e9e83afde6c3');
  });

  it('knows offering, image and ISO of a domain of ours', () => {
    const metadata = { ours: true, instanceOfferingUuid: uuid(), imageUuid: uuid() };
    const cd = iso();
    const { details } = domain();
    const disks = [{ device: 'cdrom', target: 'sda', source: '/srv/install.iso', format: 'raw' }] as const;
    const [vm] = reconcileDomains(
      look({
        domains: [domain({ metadata, details: { ...details, disks } })],
        isos: [iso({ url: 'file:///x' }), cd],
      }),
    ).saved;
    expect(vm).toMatchObject({ isoUuid: cd.uuid, imageUuid: metadata.imageUuid });
    expect(vm?.instanceOfferingUuid).toBe(metadata.instanceOfferingUuid);
  });
});

describe('a later look', () => {
  it('saves nothing when nothing changed, and only what changed otherwise', () => {
    const [one, two] = [domain(), domain()];
    const rows = [stored(one), stored(two)];
    const zoneUuid = rows[0]?.zoneUuid;
    const same = { stored: rows.map((row) => ({ ...row, zoneUuid })), zoneUuid, now: 2000 };
    expect(reconcileDomains(look({ ...same, domains: [one, two] }))).toEqual({
      saved: [],
      gone: [],
      notices: [],
    });
    const { saved } = reconcileDomains(look({ ...same, domains: [one, { ...two, cpuNum: 4 }] }));
    expect(saved).toMatchObject([{ uuid: two.uuid, cpuNum: 4, createDate: 1000, lastOpDate: 2000 }]);
  });

  it('keeps what only we know', () => {
    const one = domain();
    const row = { ...stored(one), platform: 'Linux', instanceOfferingUuid: uuid() };
    const [vm] = reconcileDomains(look({ domains: [{ ...one, cpuNum: 3 }], stored: [row] })).saved;
    expect(vm).toMatchObject({ platform: 'Linux', instanceOfferingUuid: row.instanceOfferingUuid });
  });

  it('tells of VMs that stopped, crashed or vanished behind our back', () => {
    const [a, b, c] = [domain(), domain(), domain()];
    const change = reconcileDomains(
      look({
        domains: [
          { ...a, state: 'Stopped' },
          { ...b, state: 'Crashed' },
        ],
        stored: [a, b, c].map((d) => stored(d)),
      }),
    );
    expect(change.gone).toEqual([c.uuid]);
    expect(change.notices.map((notice) => [notice.about.uuid, notice.severity])).toEqual([
      [a.uuid, 'Info'],
      [b.uuid, 'Warning'],
      [c.uuid, 'Warning'],
    ]);
    expect(change.saved[0]).toMatchObject({ state: 'Stopped', hostUuid: undefined, lastHostUuid: here.uuid });
  });

  it('does not take for gone what is listed but cannot be read, or is being made', () => {
    const [a, b] = [domain(), domain()];
    const change = reconcileDomains(
      look({
        stored: [stored(a), stored(b)],
        listed: new Set([a.uuid]),
        busy: new Map([[b.uuid, 'Starting']]),
      }),
    );
    expect(change.gone).toEqual([]);
  });

  it('keeps a destroyed VM destroyed while it is off', () => {
    const one = domain();
    const row: VmInstance = { ...stored(one), state: 'Destroyed', hostUuid: undefined };
    const off = reconcileDomains(look({ domains: [{ ...one, state: 'Stopped', cpuNum: 7 }], stored: [row] }));
    expect(off.saved).toMatchObject([{ state: 'Destroyed', hostUuid: undefined }]);
    const on = reconcileDomains(look({ domains: [one], stored: [row] }));
    expect(on.saved).toMatchObject([{ state: 'Running', hostUuid: here.uuid }]);
  });

  it('keeps a destroyed VM of ours until it is expunged, its definition gone or not', () => {
    const one = domain();
    const ours = { ...stored(one), state: 'Destroyed' as VmState, hostUuid: undefined };
    const details = { ...one.details, ours: true };
    expect(reconcileDomains(look({ stored: [{ ...ours, domain: details }] })).gone).toEqual([]);
    expect(reconcileDomains(look({ stored: [ours] })).gone).toEqual([one.uuid]);
  });
});

describe('a domain on another host', () => {
  it('moves when it runs there', () => {
    const one = domain();
    const [vm] = reconcileDomains(look({ host: there, domains: [one], stored: [stored(one)] })).saved;
    expect(vm).toMatchObject({
      hostUuid: there.uuid,
      lastHostUuid: there.uuid,
      clusterUuid: there.clusterUuid,
    });
  });

  it('stays when only a copy of its definition lies there, unless its host is out of sight', () => {
    const one = domain();
    const copy = { host: there, domains: [{ ...one, state: 'Stopped' as const }], stored: [stored(one)] };
    expect(reconcileDomains(look(copy)).saved).toEqual([]);
    expect(reconcileDomains(look({ ...copy, isConnected: () => false })).saved).toMatchObject([
      { state: 'Stopped', lastHostUuid: there.uuid },
    ]);
    expect(reconcileDomains(look(copy)).gone).toEqual([]);
  });
});

it('is settled after one look, whatever was there before', () => {
  const state = fc.constantFrom<VmState>(
    'Running',
    'Stopped',
    'Paused',
    'Crashed',
    'Unknown',
    'Destroyed',
    'Created',
  );
  const ids = Array.from({ length: 5 }, uuid);
  const some = fc
    .subarray(ids)
    .chain((chosen) => fc.tuple(...chosen.map((id) => fc.tuple(fc.constant(id), state))));
  fc.assert(
    fc.property(some, some, (before, now) => {
      const seen = now
        .filter(([, one]) => one !== 'Destroyed' && one !== 'Created')
        .map(([id, one]) => domain({ uuid: id, state: one }));
      const rows = before.map(([id, one]) => ({ ...stored(domain({ uuid: id })), state: one }));
      const zoneUuid = ids[0];
      const first = reconcileDomains(look({ domains: seen, stored: rows, zoneUuid }));
      const after = new Map(rows.map((row) => [row.uuid, row]));
      for (const row of first.saved) after.set(row.uuid, row);
      for (const id of first.gone) after.delete(id);
      expect([...after.keys()].toSorted()).toEqual(seen.map((one) => one.uuid).toSorted());
      const again = reconcileDomains(look({ domains: seen, stored: [...after.values()], zoneUuid, now: 9 }));
      expect(again).toEqual({ saved: [], gone: [], notices: [] });
    }),
    { numRuns: cases(1000) },
  );
});
