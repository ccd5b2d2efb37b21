import type { ForeignBmc } from './foreign-bmc.ts';
import type { Machine } from './machine.ts';
import { sleep } from './processes.ts';
import { rackInterface } from './topology.ts';
import type { ZstackClient } from './zstack-client.ts';
import { ZstackError } from './zstack-client.ts';

/** One line of what happens in the lab; `seconds` since the lab began are added by who prints it. */
export interface LabStep {
  readonly machine?: string;
  readonly step: string;
  readonly text: string;
}
export type Report = (step: LabStep) => void;

/** A chassis as the technician knows it. */
export interface Racked {
  readonly machine: Machine;
  readonly bmc: ForeignBmc;
  /** Position in the rack, from 0; makes the host's addresses. */
  readonly index: number;
  readonly chassisUuid: string;
}

/** One line of a boot timeline as the API tells it. */
interface Entry {
  readonly at: number;
  readonly step: string;
  readonly text: string;
  readonly bytes?: number;
}

interface Timeline {
  readonly kind: string;
  readonly stage: string;
  readonly cause?: string;
  readonly entries: readonly Entry[];
}

/** A screenshot, with its size in pixels as the PNG tells it. */
interface Picture {
  readonly png: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** Hardware info by type, contents parsed. */
export type Hardware = Readonly<Record<string, unknown>>;

/** The host that the technician wants on machine `index`. */
export function wantedHost(index: number): {
  readonly ip: string;
  readonly bondIp: string;
  readonly netmask: string;
} {
  return { ip: `192.0.2.${51 + index}`, bondIp: `203.0.113.${11 + index}`, netmask: '255.255.255.0' };
}

/** What is left to do when the machine answers over REST only, as in a datacenter. Every call rejects with what went wrong. */
export interface Technician {
  readonly client: ZstackClient;
  createPxeServer(): Promise<string>;
  createChassis(machine: Machine, bmc: ForeignBmc, index: number): Promise<Racked>;
  /** First provision: power-on to hardware info. */
  inspect(racked: Racked, timeoutMs: number): Promise<Hardware>;
  /** Describes the host: the PXE NIC with an address, a bond of mode 4 from the two others. */
  describeHost(racked: Racked, hardware: Hardware): Promise<string>;
  /** Second provision: to `Provisioned`; answers the statuses that were seen, in order. */
  install(racked: Racked, timeoutMs: number): Promise<readonly string[]>;
  /** Third provision; resolves with the refusal's text, rejects when it was not refused. */
  provisionIsRefused(racked: Racked): Promise<string>;
  /** Power off and read it back. */
  powerOff(racked: Racked): Promise<void>;
  chassisStatus(racked: Racked): Promise<string>;
  timeline(racked: Racked): Promise<Timeline | undefined>;
  /** What the serial console printed, from a byte offset on. */
  consoleLog(racked: Racked, from?: number): Promise<Uint8Array>;
  /** The screen as it is now; undefined when none is shown. */
  screenshot(racked: Racked): Promise<Picture | undefined>;
}

function fail(text: string): never {
  throw new Error(text);
}

/** Makes a technician who has just logged in; every new timeline line goes to `report` at once. */
export function createTechnician(client: ZstackClient, report: Report): Technician {
  const chassisPath = (racked: Racked): string => `/baremetal/chassis/${racked.chassisUuid}`;
  const actions = (racked: Racked): string => `${chassisPath(racked)}/actions`;

  const chassisStatus = async (racked: Racked): Promise<string> => {
    const [chassis] = await client.query('/baremetal/chassis', `uuid=${racked.chassisUuid}`);
    if (chassis === undefined) fail(`${racked.machine.name}: its chassis is gone`);
    return String(chassis['status']);
  };

  const timeline = async (racked: Racked): Promise<Timeline | undefined> =>
    (await client.get(`${chassisPath(racked)}/timeline`))['inventory'] as Timeline | undefined;

  const consoleFile = async (racked: Racked, name: string, wanted: string): Promise<Uint8Array> => {
    const { type, bytes } = await client.file(`${chassisPath(racked)}/console/${name}`);
    if (!type.startsWith(wanted)) fail(`${racked.machine.name}: ${name} of its console is ${type}`);
    return bytes;
  };

  /** Follows the run that has just begun until `done` says so; answers the statuses seen. */
  const follow = async (
    racked: Racked,
    timeoutMs: number,
    done: (status: string) => Promise<boolean>,
  ): Promise<readonly string[]> => {
    const { name } = racked.machine;
    const deadline = Date.now() + timeoutMs;
    const statuses: string[] = [];
    let printed = 0;
    for (;;) {
      const status = await chassisStatus(racked);
      const run = await timeline(racked);
      for (const entry of run?.entries.slice(printed) ?? []) {
        const size = entry.bytes === undefined ? '' : ` (${entry.bytes} bytes)`;
        report({ machine: name, step: entry.step, text: `${entry.text}${size}` });
        printed += 1;
      }
      if (statuses.at(-1) !== status) {
        statuses.push(status);
        report({ machine: name, step: 'status', text: status });
      }
      if (status === 'PxeBootFailed') {
        fail(`${name}: ${run?.cause ?? run?.entries.at(-1)?.text ?? 'PxeBootFailed without a cause'}`);
      }
      if (await done(status)) return statuses;
      if (Date.now() > deadline) {
        const last = run?.entries.at(-1);
        fail(
          `${name}: still ${status} after ${Math.round(timeoutMs / 1000)} s, ` +
            `stage ${run?.stage ?? 'none'}, last step: ${last?.text ?? 'none'}`,
        );
      }
      await sleep(500);
    }
  };

  return {
    client,
    chassisStatus,
    timeline,
    async createPxeServer() {
      const server = await client.create('/baremetal/pxeserver', {
        name: 'lab',
        dhcpInterface: rackInterface,
        dhcpRangeBegin: '192.0.2.100',
        dhcpRangeEnd: '192.0.2.199',
        dhcpRangeNetmask: '255.255.255.0',
      });
      if (server['status'] !== 'Running') fail(`the PXE server is ${String(server['status'])}, not Running`);
      return String(server['uuid']);
    },

    async createChassis(machine, bmc, index) {
      const chassis = await client.create('/baremetal/chassis', {
        name: machine.name,
        ipmiAddress: bmc.address,
        ipmiPort: String(bmc.port),
        ipmiUsername: bmc.username,
        ipmiPassword: bmc.password,
      });
      if (chassis['status'] !== 'Unprovisioned') fail(`a new chassis is ${String(chassis['status'])}`);
      return { machine, bmc, index, chassisUuid: String(chassis['uuid']) };
    },

    async inspect(racked, timeoutMs) {
      await client.act(actions(racked), 'provisionBaremetalHost');
      const rows = (): Promise<readonly Readonly<Record<string, unknown>>[]> =>
        client.query('/baremetal/hardwareinfo', `chassisUuid=${racked.chassisUuid}`);
      await follow(
        racked,
        timeoutMs,
        async (status) => status === 'Unprovisioned' && (await rows()).length > 0 && !racked.machine.isOn(),
      );
      const hardware: Record<string, unknown> = {};
      for (const row of await rows()) hardware[String(row['type'])] = JSON.parse(String(row['content']));
      for (const type of ['basic', 'nic', 'disk', 'pci', 'system']) {
        if (!(type in hardware)) fail(`${racked.machine.name}: no hardware info of type ${type}`);
      }
      checkHardware(racked.machine, hardware);
      return hardware;
    },

    async describeHost(racked, hardware) {
      const { ip, bondIp, netmask } = wantedHost(racked.index);
      const nics = nicsOf(hardware);
      const pxe = nics.find((nic) => nic.pxe) ?? fail(`${racked.machine.name}: no NIC is the PXE one`);
      const slaves = nics.filter((nic) => nic !== pxe).map((nic) => nic.mac);
      const cfg = await client.create('/baremetal/hostcfg', {
        chassisUuid: racked.chassisUuid,
        password: 'lab-root-password',
        vnc: 'true',
        unattended: 'true',
        cfgItems: {
          nicCfgs: [JSON.stringify({ mac: pxe.mac, ip, netmask, gateway: 'null', dns: 'null', pxe: 'TRUE' })],
          bondings: [
            JSON.stringify({ name: 'bond0', slaves: slaves.join(','), mode: '4', ip: bondIp, netmask }),
          ],
        },
      });
      return String(cfg['uuid']);
    },

    async install(racked, timeoutMs) {
      await client.act(actions(racked), 'provisionBaremetalHost');
      const seen = await follow(racked, timeoutMs, async (status) => status === 'Provisioned');
      const left = await client.query('/baremetal/hostcfg', `chassisUuid=${racked.chassisUuid}`);
      if (left.length > 0) fail(`${racked.machine.name}: its hostcfg is still there after the installation`);
      return seen;
    },

    consoleLog: (racked, from = 0) => consoleFile(racked, `log?from=${from}`, 'text/plain'),
    async screenshot(racked) {
      try {
        return pictureOf(await consoleFile(racked, 'screenshot', 'image/png'));
      } catch (error) {
        if (error instanceof ZstackError && error.status === 503) return undefined;
        throw error;
      }
    },

    async provisionIsRefused(racked) {
      const before = racked.machine.powerLog().length;
      try {
        await client.act(actions(racked), 'provisionBaremetalHost');
      } catch (error) {
        if (!(error instanceof ZstackError) || error.status !== 503) throw error;
        const commands = racked.machine
          .powerLog()
          .slice(before)
          .filter(({ by }) => by === 'bmc');
        if (commands.length > 0) fail(`${racked.machine.name}: refused, but its BMC was used`);
        return error.message;
      }
      return fail(`${racked.machine.name}: a third provision was not refused`);
    },

    async powerOff(racked) {
      await client.act(actions(racked), 'powerOffBaremetalHost');
      const { status } = await client.act(actions(racked), 'powerStatusBaremetalHost');
      if (status !== 'OFF') fail(`${racked.machine.name}: power status ${String(status)} after power off`);
      if (racked.machine.isOn()) fail(`${racked.machine.name}: reported OFF and is on`);
    },
  };
}

/** A PNG begins with its signature, and its first chunk has its size. PNG (ISO/IEC 15948) §5.2, §11.2.2 */
function pictureOf(png: Uint8Array): Picture {
  const begin = Buffer.from(png.subarray(0, 24));
  if (begin.toString('latin1', 0, 8) !== '\x89PNG\r\n\x1a\n' || begin.toString('latin1', 12, 16) !== 'IHDR') {
    return fail('a screenshot is no PNG');
  }
  return { png, width: begin.readUInt32BE(16), height: begin.readUInt32BE(20) };
}

interface ReportedNic {
  readonly mac: string;
  readonly pxe: boolean;
}

/** NICs of a hardware report; the manual's `pxe` is a text. */
export function nicsOf(hardware: Hardware): readonly ReportedNic[] {
  const nics = hardware['nic'] as readonly { mac: string; pxe: string | boolean }[];
  return nics.map(({ mac, pxe }) => ({ mac: mac.toLowerCase(), pxe: String(pxe) === 'true' }));
}

/** The report must be about this machine: its NICs, the one that booted, its disk, its SMBIOS UUID. */
function checkHardware(machine: Machine, hardware: Hardware): void {
  const nics = nicsOf(hardware);
  const macs = nics.map(({ mac }) => mac).toSorted();
  if (macs.join() !== [...machine.macs].toSorted().join())
    fail(`${machine.name}: reported NICs ${macs.join()}`);
  const booted = nics.filter(({ pxe }) => pxe).map(({ mac }) => mac);
  if (booted.join() !== machine.macs[0]) fail(`${machine.name}: reported PXE NIC ${booted.join() || 'none'}`);
  const disks = (hardware['disk'] as readonly { sizeBytes?: number }[]).map(({ sizeBytes }) => sizeBytes);
  if (!disks.includes(2 ** 30)) fail(`${machine.name}: no disk of 1 GiB among ${JSON.stringify(disks)}`);
  const uuid = ((hardware['system'] as { uuid?: string }).uuid ?? '').toLowerCase();
  if (uuid.replaceAll('-', '') !== machine.uuid.replaceAll('-', '')) {
    fail(`${machine.name}: reported SMBIOS UUID ${uuid || 'none'}`);
  }
}
