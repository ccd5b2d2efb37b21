import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { type Mac, parseMac } from '../base/mac.ts';
import { newUuid, parseUuid, type Uuid } from '../base/uuid.ts';
import type { RandomBytes } from '../base/random.ts';
import type { HardwareInfo, HardwareInfoType } from './model.ts';

const text = Type.String({ maxLength: 512 });
const count = Type.Number({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const orNull = <T extends ReturnType<typeof Type.String> | ReturnType<typeof Type.Number>>(schema: T) =>
  Type.Union([schema, Type.Null()]);

const Report = Type.Object({
  schema: Type.Literal(1),
  bootif: Type.Optional(orNull(text)),
  firmware: Type.Union([Type.Literal('uefi'), Type.Literal('bios')]),
  cpu: Type.Object({ model: text, cores: count, sockets: count }),
  memory: Type.Object({ totalKiB: count }),
  system: Type.Record(Type.String({ maxLength: 64 }), Type.Union([text, Type.Null()])),
  nics: Type.Array(
    Type.Object({
      name: text,
      mac: text,
      speed: orNull(count),
      link: Type.Boolean(),
      pxe: Type.Boolean(),
      driver: Type.Optional(orNull(text)),
      pciAddress: Type.Optional(orNull(text)),
      ip: Type.Optional(orNull(text)),
    }),
    { maxItems: 256 },
  ),
  disks: Type.Array(
    Type.Object({
      name: text,
      path: Type.Optional(orNull(text)),
      sizeBytes: count,
      model: Type.Optional(orNull(text)),
      serial: Type.Optional(orNull(text)),
      rotational: Type.Optional(Type.Boolean()),
      removable: Type.Boolean(),
      bus: Type.Optional(orNull(text)),
      wwn: Type.Optional(orNull(text)),
    }),
    { maxItems: 2048 },
  ),
  pci: Type.Array(
    Type.Object({
      address: text,
      vendorId: text,
      deviceId: text,
      subvendorId: Type.Optional(orNull(text)),
      subdeviceId: Type.Optional(orNull(text)),
      class: text,
      driver: Type.Optional(orNull(text)),
    }),
    { maxItems: 4096 },
  ),
});

/** What the inspector found, checked (schema version 1; see inspector/README.md). Unknown members are dropped. */
export type InspectionReport = Static<typeof Report>;

/** Reads a report. The outcome is a value: it comes from a machine that may lie. */
export function parseInspection(
  bytes: Uint8Array,
):
  | { readonly ok: true; readonly report: InspectionReport }
  | { readonly ok: false; readonly reason: string } {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: false }).decode(bytes));
  } catch {
    return { ok: false, reason: 'the report is not JSON' };
  }
  if (!Value.Check(Report, json)) {
    const [first] = Value.Errors(Report, json);
    return {
      ok: false,
      reason: `the report is not of schema 1: ${first?.instancePath || '/'} ${first?.message ?? 'is wrong'}`,
    };
  }
  Value.Clean(Report, json);
  const report: InspectionReport = json;
  if (report.nics.some((nic) => parseMac(nic.mac) === undefined)) {
    return { ok: false, reason: 'the report has a NIC without a MAC address' };
  }
  return { ok: true, report };
}

/** The machine's NIC addresses in the report's order, without doubles and without all-zero ones. */
export function macsOf(report: InspectionReport): readonly Mac[] {
  const macs = report.nics.flatMap((nic) => parseMac(nic.mac) ?? []);
  return [...new Set(macs)].filter((mac) => mac !== '00:00:00:00:00:00');
}

/** The SMBIOS UUID in the report; undefined when absent. */
export function systemUuidOf(report: InspectionReport): Uuid | undefined {
  return parseUuid(report.system['uuid'] ?? '');
}

function size(bytes: number): string {
  const gib = bytes / 2 ** 30;
  return gib >= 1024 ? `${(gib / 1024).toFixed(1)}T` : `${gib.toFixed(1)}G`;
}

/**
 * The five rows of hardware info. `basic` and `nic` keep the manual's keys and spellings (`cpu_core` and `memory` are texts,
 * `speed` is `1000Mb/s` or `UNKNOWN`); ours stand beside them.
 */
export function hardwareInfoRows(
  report: InspectionReport,
  chassisUuid: Uuid,
  at: number,
  random: RandomBytes,
): readonly HardwareInfo[] {
  const contents: Record<HardwareInfoType, unknown> = {
    basic: {
      cpu_model: report.cpu.model,
      cpu_core: String(report.cpu.cores),
      memory: `${report.memory.totalKiB} kB`,
      cpu_socket: String(report.cpu.sockets),
      firmware: report.firmware,
    },
    nic: report.nics.map((nic) => ({
      devname: nic.name,
      mac: parseMac(nic.mac) ?? nic.mac,
      speed: nic.speed === null ? 'UNKNOWN' : `${nic.speed}Mb/s`,
      pxe: String(nic.pxe),
      ip: nic.ip ?? '',
      link: nic.link,
      driver: nic.driver ?? '',
      pciAddress: nic.pciAddress ?? '',
    })),
    disk: report.disks.map((disk) => ({ ...disk, size: size(disk.sizeBytes) })),
    pci: report.pci,
    system: report.system,
  };
  return (Object.keys(contents) as HardwareInfoType[]).map((type) => ({
    uuid: newUuid(random),
    chassisUuid,
    type,
    content: JSON.stringify(contents[type]),
    createDate: at,
    lastOpDate: at,
  }));
}

/** One line for the timeline. */
export function summaryOf(report: InspectionReport): string {
  const links = report.nics.filter((nic) => nic.link).length;
  const disks = report.disks.filter((disk) => !disk.removable);
  return (
    `inspected: ${report.cpu.cores} cores, ${(report.memory.totalKiB / 2 ** 20).toFixed(1)} GiB, ` +
    `${report.nics.length} NICs (${links} with link), ${disks.length} disks (${disks.map((disk) => size(disk.sizeBytes)).join(', ')}), ` +
    `${report.pci.length} PCI devices, ${report.firmware}`
  );
}
