import { connect } from 'node:net';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { systemClock } from '../../../src/base/clock.ts';
import type { Uuid } from '../../../src/base/uuid.ts';
import { createVmConsoles } from '../../../src/kvm/consoles/consoles.ts';
import type { DomainDetails, VmInstance } from '../../../src/kvm/model.ts';
import type { ConsoleService } from '../../../src/kvm/service.ts';
import { NetError } from '../../../src/net/errors.ts';
import type { HostShell, StreamTarget } from '../../../src/net/shell.ts';
import { vmOf } from '../usb/usb-world.ts';

/** One VM in a store of its own, on a host whose shell and streams are given. */
export interface ConsoleWorld {
  vm: VmInstance;
  readonly consoles: ConsoleService;
  /** Where streams were asked for. */
  readonly targets: StreamTarget[];
  /** What was done to the VM. */
  readonly calls: string[];
}

export function consoleWorld(
  domain: Partial<DomainDetails>,
  host: {
    readonly shell?: Pick<HostShell, 'run'>;
    readonly stream: (target: StreamTarget) => Promise<Duplex>;
    readonly uuid?: Uuid;
    readonly libvirtUri?: string;
  },
): ConsoleWorld {
  const plain = vmOf('b', 'Running', domain);
  const targets: StreamTarget[] = [];
  const calls: string[] = [];
  const world: ConsoleWorld = {
    vm: host.uuid === undefined ? plain : { ...plain, uuid: host.uuid },
    targets,
    calls,
    consoles: createVmConsoles({
      store: { getVm: async (uuid) => (uuid === world.vm.uuid ? world.vm : undefined) },
      connections: {
        use: (_host, work) => work((host.shell ?? {}) as HostShell),
        stream: (_host, target) => {
          targets.push(target);
          return host.stream(target);
        },
      },
      vms: {
        startVm: async () => void calls.push('start'),
        stopVm: async (_uuid, how) => void calls.push(`stop ${how}`),
        exclusive: (_uuid, work) => {
          calls.push('exclusive');
          return work(world.vm);
        },
      },
      changes: { watch: () => () => undefined },
      libvirtUri: host.libvirtUri ?? 'qemu:///system',
      clock: systemClock,
    }),
  };
  return world;
}

/** A stream to a unix socket of this machine. */
export async function connectTo(path: string): Promise<Duplex> {
  const socket = connect(path);
  try {
    await once(socket, 'connect');
  } catch (error) {
    throw new NetError('refused', 'nobody listens there', { cause: error });
  }
  return socket;
}

/** Everything that a stream gives, as text; grows. */
export function collect(stream: Duplex): { text: string } {
  const got = { text: '' };
  stream.on('data', (chunk: Buffer) => (got.text += chunk.toString('latin1')));
  stream.on('error', () => undefined);
  return got;
}

/** A boot sector that says back at the first serial port whatever comes there. */
export function writeEchoDisk(folder: string): string {
  const code = Buffer.from('bafd03eca80174fbb2f8ec88c4b2fdeca82074fbb2f888e0eeb2fdebe6', 'hex');
  const disk = Buffer.alloc(1024 * 1024);
  code.copy(disk);
  disk.writeUInt16LE(0xaa55, 510);
  const path = join(folder, 'echo.img');
  writeFileSync(path, disk);
  return path;
}
