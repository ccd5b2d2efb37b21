import { parseUuid } from '../../base/uuid.ts';
import type { HostFacts } from '../model.ts';
import type { RawProbe } from '../probe/raw.ts';
import { readSysfsLinks, readSysfsValues } from './sysfs.ts';

/** What a look says about the host itself. What it does not say is `unknown` or 0. */
export function readHostFacts(probe: RawProbe): HostFacts {
  const section = (name: Parameters<RawProbe['sections']['get']>[0]): string =>
    probe.sections.get(name) ?? '';
  const [, kernelVersion, architecture] = section('uname').trim().split(/\s+/);
  const cpuinfo = section('cpuinfo');
  const versions = section('versions');
  const dmi = readSysfsValues(section('dmi'), 'sys/class/dmi').get('id');
  const seconds = numberIn(section('boot-time'), /^btime (\d{1,12})$/m);
  return {
    hostName: line(section('hostname')) ?? 'unknown',
    osRelease: osNameOf(section('os-release')) ?? 'unknown',
    kernelVersion: line(kernelVersion) ?? 'unknown',
    architecture: line(architecture) ?? 'unknown',
    cpuModel: cpuModelOf(cpuinfo) ?? 'unknown',
    cpuSockets: Math.max(1, valuesOf(cpuinfo, 'physical id').size),
    cpuNum: valuesOf(cpuinfo, 'processor').size,
    memorySize: (numberIn(section('meminfo'), /^MemTotal:\s+(\d{1,15}) kB/m) ?? 0) * 1024,
    libvirtVersion: /^Using library: libvirt (\S{1,40})$/m.exec(versions)?.[1],
    qemuVersion: /^Running hypervisor: QEMU (\S{1,40})$/m.exec(versions)?.[1],
    hasKvm: probe.sections.has('kvm'),
    systemUuid: parseUuid(dmi?.get('product_uuid') ?? ''),
    bridges: bridgesOf(section('net-sysfs'), section('ovs-bridges')),
    bootTime: seconds === undefined ? undefined : seconds * 1000,
  };
}

/** PRETTY_NAME, in shell quotes or not. */
function osNameOf(text: string): string | undefined {
  const value = /^PRETTY_NAME=(.*)$/m.exec(text)?.[1]?.trim();
  return line(value?.replace(/^(["'])(.*)\1$/, '$2').replaceAll(/\\(["'$`\\])/g, '$1'));
}

/** ARM has no model name; its implementer code is better than nothing. */
function cpuModelOf(cpuinfo: string): string | undefined {
  const [model] = valuesOf(cpuinfo, 'model name');
  const [other] = valuesOf(cpuinfo, 'cpu');
  const [implementer] = valuesOf(cpuinfo, 'CPU implementer');
  return line(model ?? other ?? (implementer === undefined ? undefined : `CPU implementer ${implementer}`));
}

function valuesOf(cpuinfo: string, key: string): ReadonlySet<string> {
  const values = new Set<string>();
  for (const text of cpuinfo.split('\n')) {
    const colon = text.indexOf(':');
    if (colon !== -1 && text.slice(0, colon).trim() === key) values.add(text.slice(colon + 1).trim());
  }
  return values;
}

/** Bridges of the kernel and of Open vSwitch; names that no interface can have are left out. */
function bridgesOf(netSysfs: string, ovs: string): readonly string[] {
  const kernel = [...readSysfsLinks(netSysfs, 'sys/class/net').keys()].flatMap((path) => {
    const [name = '', file] = path.split('/');
    return file === 'bridge' ? [name] : [];
  });
  const names = [...kernel, ...ovs.split('\n').map((name) => name.trim())];
  return [...new Set(names.filter((name) => /^[^\s/:\p{Cc}]{1,15}$/u.test(name)))].sort();
}

function numberIn(text: string, form: RegExp): number | undefined {
  const digits = form.exec(text)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** One line without control characters, at most 255 characters; undefined when nothing is left. */
function line(text: string | undefined): string | undefined {
  const clean = text
    ?.replaceAll(/\p{Cc}+/gu, ' ')
    .trim()
    .slice(0, 255);
  return clean === '' ? undefined : clean;
}
