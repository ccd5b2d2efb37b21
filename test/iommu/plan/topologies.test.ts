import { describe, expect, it } from 'vitest';
import { findBootLoader, nextWords } from '../../../src/iommu/boot/loader.ts';
import { readBootSources } from '../../../src/iommu/boot/sources.ts';
import { describeIommu } from '../../../src/iommu/boot/status.ts';
import { candidatesFor, planAttachment, type PlannedHost } from '../../../src/iommu/plan/attachment.ts';
import type { AttachmentPlan } from '../../../src/iommu/service.ts';
import { topologies } from '../../fixtures/kvm/topologies/index.ts';
import { probeOf, type Topology } from '../../fixtures/kvm/topology.ts';
import { hostUuid, pciOf, Rows } from '../discovery/world.ts';
import { active, vmUuid } from './devices.ts';

const vm = { uuid: vmUuid, state: 'Stopped', hostUuid, numaNodes: [0] };

function hostOf(topology: Topology): PlannedHost {
  const rows = new Rows();
  rows.look(topology);
  return { devices: [...rows.rows.values()], needs: pciOf(topology).needs, iommu: active };
}

function planOf(topology: Topology, address: string): AttachmentPlan {
  const host = hostOf(topology);
  const device = host.devices.find((d) => d.pciDeviceAddress === address);
  if (device === undefined) throw new Error(`no ${address}`);
  return planAttachment({ ...host, vm, device });
}

const candidates = (topology: Topology): readonly string[] =>
  candidatesFor(vm, hostOf(topology)).map((d) => d.pciDeviceAddress);
const codes = (plan: AttachmentPlan): readonly string[] => plan.refusals.map((r) => r.code);
const moves = (plan: AttachmentPlan): readonly string[] => plan.moves.map((m) => m.pciDeviceAddress);

describe('a consumer board', () => {
  const board = topologies.consumerBoard;

  it('cannot give the card behind the chipset: its disk and its NIC are in the same group', () => {
    const plan = planOf(board, '0000:25:00.0');
    expect(codes(plan)).toEqual(['boot-disk', 'management-nic']);
    expect(plan.refusals[0]?.text).toContain('(0000:03:00.1) is in the same IOMMU group');
    expect(plan.refusals[1]?.text).toContain('enp34s0 (management address 192.0.2.20)');
  });

  it('gives the card in the slot of the processor, with its sound, and loses the console', () => {
    const plan = planOf(board, '0000:26:00.1');
    expect(moves(plan)).toEqual(['0000:26:00.0', '0000:26:00.1']);
    expect(plan.warnings.map((w) => w.code)).toEqual(['group', 'loses-console', 'driver-busy']);
  });

  it('keeps the controller of a mounted stick', () => {
    const plan = planOf(board, '0000:28:00.3');
    expect(codes(plan)).toEqual(['mounted-disk']);
    expect(plan.warnings).toEqual([]);
  });

  it('offers the rest', () => {
    expect(candidates(board)).toEqual(['0000:00:14.0', '0000:26:00.0', '0000:26:00.1', '0000:28:00.4']);
  });
});

describe('a server with virtual functions', () => {
  it('gives the functions, not their port', () => {
    expect(codes(planOf(topologies.sriovServer, '0000:41:00.0'))).toEqual(['has-vfs', 'management-nic']);
    expect(candidates(topologies.sriovServer)).toEqual([
      '0000:41:01.0',
      '0000:41:01.1',
      '0000:41:01.2',
      '0000:42:01.0',
      '0000:82:00.0',
    ]);
  });
});

describe('a server with two sockets', () => {
  const server = topologies.twoSocketServer;

  it('keeps what its mirror and its bond need', () => {
    for (const disk of ['0000:19:00.0', '0000:1a:00.0'])
      expect(codes(planOf(server, disk))).toEqual(['boot-disk']);
    for (const port of ['0000:18:00.0', '0000:18:00.1'])
      expect(codes(planOf(server, port))).toEqual(['management-nic']);
  });

  it('warns of the card on the other socket', () => {
    const far = planOf(server, '0000:86:00.0');
    expect(codes(far)).toEqual([]);
    expect(far.warnings.map((w) => w.code)).toContain('numa');
    expect(planOf(server, '0000:3b:00.0').warnings.map((w) => w.code)).not.toContain('numa');
  });
});

describe('the boot loader of each', () => {
  it.each([
    ['consumerBoard', 'grub', 'Active'],
    ['sriovServer', 'kernel-install', 'Active'],
    ['twoSocketServer', 'grubby', 'Active'],
    ['vmdWorkstation', 'kernel-install', 'Inactive'],
  ] as const)('%s: %s, %s', (name, kind, status) => {
    const topology = topologies[name];
    const sources = readBootSources(probeOf(topology));
    const loader = findBootLoader(sources);
    expect(loader.kind).toBe(kind);
    const told = describeIommu({
      facts: pciOf(topology).iommu,
      wish: 'Enabled',
      next: nextWords(sources, loader),
      added: [],
    });
    expect(told.status).toBe(status);
    if (status === 'Inactive') expect(told.details).toContain('the boot loader has it not');
  });

  it('is the one that started the kernel, where two are installed', () => {
    const host = topologies.vmdWorkstation;
    const more = `${host.bootLoader ?? ''}etc/default/grub:GRUB_CMDLINE_LINUX=""\npresent:boot/grub/grub.cfg\n`;
    expect(findBootLoader(readBootSources(probeOf({ ...host, bootLoader: more })))).toMatchObject({
      kind: 'kernel-install',
      tool: 'proxmox-boot-tool',
    });
  });
});
