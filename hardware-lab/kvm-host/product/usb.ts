import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createWebSocketStream, WebSocket } from 'ws';
import { labEnvironment, waitFor } from '../../processes.ts';
import type { KvmHost } from '../machine.ts';
import { expectSame, type Step } from '../steps.ts';
import { startVm, stopVm } from './pass-through.ts';
import { expectText, type ProductWorld, refusal } from './world.ts';

/** QEMU's own USB stick. */
const stickId = '46f4:0001';
/** Where usbredirect listens on the host. */
const exportPort = 4100;

const dashed = (uuid: string): string => uuid.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
const usbOf = ({ host, uuid }: ProductWorld): Promise<string> =>
  host.run(`virsh -q qemu-monitor-command ${dashed(uuid('vm'))} --hmp 'info usb'`, 60_000);

const showsUsb = (world: ProductWorld, what: string, shown: boolean): Promise<string> =>
  waitFor(`${what} ${shown ? 'on' : 'off'} the VM's USB bus`, 60_000, async () => {
    const bus = await usbOf(world);
    return bus.includes(what) === shown ? bus : undefined;
  });

/** A byte stream to a port of the host's loopback, over the lab's own shared SSH connection. */
function forward(host: KvmHost, port: number): ReturnType<typeof spawn> {
  const args = [
    '-F',
    'none',
    '-o',
    `ControlPath=${join(host.folder, 'ssh')}`,
    '-W',
    `127.0.0.1:${port}`,
    '127.0.0.1',
  ];
  return spawn('ssh', args, { env: labEnvironment(), stdio: ['pipe', 'pipe', 'ignore'] });
}

async function ticketOf({ client, uuid }: ProductWorld): Promise<string> {
  const path = `/vm-instances/${uuid('vm')}/usbredirect/tickets`;
  const answer = await client.post(path, {});
  return String(answer['url']);
}

/** USB over the wire, and USB devices of the host itself. */
export const usbSteps: readonly Step<ProductWorld>[] = [
  {
    name: 'redirect-pending',
    async run(world) {
      const { client, host, uuid } = world;
      await startVm(world);
      await client.act(`/vm-instances/${uuid('vm')}/actions`, 'setVmUsbRedirect', { enable: true });
      const before = await client.get(`/vm-instances/${uuid('vm')}/usbredirect`);
      expectSame(
        'before the restart',
        `${String(before['enable'])} ${String(before['pending'])}`,
        'true true',
      );
      await stopVm(world);
      await startVm(world);
      const after = await client.get(`/vm-instances/${uuid('vm')}/usbredirect`);
      expectSame('after it', `${String(after['enable'])} ${String(after['pending'])}`, 'true false');
      const channels = await host.run(`virsh -q dumpxml ${dashed(uuid('vm'))} | grep -c '<redirdev '`);
      expectSame('channels', channels, '4');
      return undefined;
    },
  },
  {
    name: 'redirect-stick',
    async run(world) {
      const { host } = world;
      await host.run(
        `usbredirect --device ${stickId} --as 127.0.0.1:${exportPort} </dev/null >/run/usbredirect.log 2>&1 & echo $! >/run/usbredirect.pid
         for i in $(seq 40); do ss -ltn | grep -q :${exportPort} && exit 0; sleep 0.25; done; cat /run/usbredirect.log >&2; exit 1`,
      );
      const url = await ticketOf(world);
      const socket = new WebSocket(url);
      const far = forward(host, exportPort);
      try {
        await once(socket, 'open');
        const stream = createWebSocketStream(socket);
        stream.on('error', () => undefined);
        if (far.stdin === null || far.stdout === null) throw new Error('ssh has no streams');
        far.stdin.on('error', () => undefined);
        stream.pipe(far.stdin);
        far.stdout.pipe(stream);
        const bus = await showsUsb(world, 'USB Redirection', true);
        const again = new WebSocket(url);
        const [error] = (await once(again, 'error')) as [Error];
        expectText('a ticket that is used twice', error.message, '404');
        return bus
          .split('\n')
          .find((line) => line.includes('Redirection'))
          ?.trim();
      } finally {
        socket.terminate();
        far.kill();
        await host.run('kill "$(cat /run/usbredirect.pid)" 2>/dev/null; true');
      }
    },
  },
  {
    name: 'host-stick',
    async run(world) {
      const { client, host, uuid } = world;
      const find = async (): Promise<Readonly<Record<string, unknown>>> => {
        const [stick] = await client.query(
          '/usb-device/usb-devices',
          `hostUuid=${uuid('host')}`,
          'idVendor=46f4',
        );
        if (stick === undefined) throw new Error('Rackwright knows no stick');
        return stick;
      };
      const stick = await waitFor('the stick to be back', 60_000, async () => {
        const found = await find();
        return found['status'] === 'Present' ? found : undefined;
      });
      const path = `/usb-device/usb-devices/${String(stick['uuid'])}`;
      await client.create(`${path}/attach`, { vmInstanceUuid: uuid('vm') });
      await showsUsb(world, 'QEMU USB HARDDRIVE', true);
      await host.unplug('stick');
      await waitFor('the stick to be Absent', 60_000, async () =>
        (await find())['status'] === 'Absent' ? true : undefined,
      );
      await host.plug('stick');
      await waitFor('the stick to be Present', 60_000, async () =>
        (await find())['status'] === 'Present' ? true : undefined,
      );
      await showsUsb(world, 'QEMU USB HARDDRIVE', true);
      expectSame('VM of the stick', String((await find())['vmInstanceUuid']), uuid('vm'));
      await client.create(`${path}/detach`, {});
      await showsUsb(world, 'QEMU USB HARDDRIVE', false);
      return String(stick['name']);
    },
  },
  {
    name: 'redirect-off',
    async run(world) {
      const { client, host, uuid } = world;
      await client.act(`/vm-instances/${uuid('vm')}/actions`, 'setVmUsbRedirect', { enable: false });
      await stopVm(world);
      await startVm(world);
      expectSame(
        'channels',
        await host.run(`virsh -q dumpxml ${dashed(uuid('vm'))} | grep -c '<redirdev ' || true`),
        '0',
      );
      const said = await refusal(ticketOf(world));
      expectText('a ticket without a channel', said, /redirect/i);
      await stopVm(world);
      return undefined;
    },
  },
];
