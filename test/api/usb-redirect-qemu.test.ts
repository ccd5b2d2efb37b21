import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { systemClock } from '../../src/base/clock.ts';
import type { KvmStore } from '../../src/kvm/ports.ts';
import type { HostConnections } from '../../src/kvm/service.ts';
import { createUsb } from '../../src/kvm/usb/create.ts';
import { type ApiWorld, openApi } from '../support/api-world.ts';
import { keepingLog } from '../support/keeping-log.ts';
import { needTools } from '../support/need.ts';
import { vmOf } from '../kvm/usb/usb-world.ts';

/** Packet types of the usbredir protocol, docs/usb-redirection-protocol of usbredir. */
const types = { hello: 0, deviceConnect: 1, interfaceInfo: 4, epInfo: 5 } as const;

/** Bits of the hello that xHCI needs: packet sizes of endpoints, ids of 64 bits, bulk lengths of 32 bits. */
const capabilities = (1 << 4) | (1 << 5) | (1 << 6);

/** Type, length, id, payload. The id of a hello has 32 bits, for nothing was agreed on yet. */
function packet(type: number, payload: Uint8Array): Buffer {
  const header = Buffer.alloc(type === types.hello ? 12 : 16);
  header.writeUInt32LE(type, 0);
  header.writeUInt32LE(payload.length, 4);
  return Buffer.concat([header, payload]);
}

/** What a viewer sends when a high-speed stick is plugged in. */
function plugIn(): Buffer {
  const hello = Buffer.alloc(64 + 4);
  hello.write('a scripted viewer', 'latin1');
  hello.writeUInt32LE(capabilities, 64);
  // Count, then number, class, subclass and protocol of 32 interfaces each.
  const interfaces = Buffer.alloc(4 + 4 * 32);
  interfaces.writeUInt32LE(1, 0);
  interfaces.writeUInt8(8, 4 + 32);
  // Type, interval and interface of 32 endpoints each, then their packet sizes; 255 is no endpoint, 0 a control endpoint.
  const endpoints = Buffer.alloc(3 * 32 + 2 * 32);
  endpoints.fill(255, 0, 32);
  for (const control of [0, 16]) {
    endpoints.writeUInt8(0, control);
    endpoints.writeUInt16LE(64, 3 * 32 + 2 * control);
  }
  // High speed, class by interface, ids 0951:1666.
  const connected = Buffer.from([2, 0, 0, 0, 0x51, 0x09, 0x66, 0x16]);
  return Buffer.concat([
    packet(types.hello, hello),
    packet(types.interfaceInfo, interfaces),
    packet(types.epInfo, endpoints),
    packet(types.deviceConnect, connected),
  ]);
}

const canRun = needTools({ tool: 'qemu-system-x86_64', package: 'qemu-system-x86' });

describe.skipIf(!canRun)('a redirect channel of a real QEMU', () => {
  let folder: string;
  let qemu: ChildProcess;
  let world: ApiWorld;
  let usb: ReturnType<typeof createUsb>;
  let said = '';

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'rackwright-redir-'));
    const path = join(folder, 'r0.sock');
    const machine = ['-accel', 'tcg', '-m', '64', '-nodefaults', '-display', 'none', '-monitor', 'stdio'];
    const channel = ['-chardev', `socket,path=${path},server=on,wait=off,id=r`];
    const devices = ['-device', 'qemu-xhci', '-device', 'usb-redir,chardev=r,id=redir0'];
    qemu = spawn('qemu-system-x86_64', [...machine, ...channel, ...devices], { stdio: 'pipe' });
    qemu.stdout?.on('data', (chunk: Buffer) => (said += chunk.toString()));
    qemu.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
    await vi.waitUntil(() => existsSync(path), 20_000);

    const vm = vmOf('b', 'Running', { redirections: [{ kind: 'unix', path }] });
    const connections: Partial<HostConnections> = {
      async stream(_host, target) {
        const socket = connect('socketPath' in target ? target.socketPath : '');
        await once(socket, 'connect');
        return socket;
      },
    };
    usb = createUsb({
      store: { getVm: async () => vm } as Partial<KvmStore> as KvmStore,
      vms: { exclusive: async (_uuid, work) => work(vm) },
      connections: connections as HostConnections,
      libvirtUri: 'qemu:///system',
      notify: () => {},
      clock: systemClock,
      random: (length) => Uint8Array.from(randomBytes(length)),
      log: keepingLog(),
    });
    world = await openApi({}, systemClock, {
      streams: {
        'usb-redirect': async (ticket) => {
          const opened = await usb.service.openRedirect(ticket);
          if (opened === undefined) return undefined;
          const { stream, vmInstanceUuid } = opened;
          return {
            stream,
            accountUuid: undefined,
            resourceType: 'VmInstanceVO',
            resourceUuid: vmInstanceUuid,
          };
        },
      },
    });
  }, 60_000);

  afterAll(async () => {
    await world?.close();
    usb?.close();
    qemu?.kill('SIGKILL');
    rmSync(folder, { recursive: true });
  });

  /** Opens a channel and gives the socket with what came first. */
  async function open(): Promise<{ socket: WebSocket; received: () => Buffer }> {
    const { ticket } = await usb.service.createRedirectTicket('b'.repeat(32), 'owner');
    const socket = new WebSocket(`${world.api.url.replace('http', 'ws')}/v1/usb-redirect/${ticket}`);
    let bytes = Buffer.alloc(0);
    socket.on('message', (data: Buffer) => (bytes = Buffer.concat([bytes, data])));
    await once(socket, 'open');
    return { socket, received: () => bytes };
  }

  const usbTree = async (): Promise<string> => {
    said = '';
    qemu.stdin?.write('info usb\n');
    await vi.waitUntil(() => /info usb[\s\S]*\(qemu\) $/.test(said));
    return said;
  };

  it("brings QEMU's hello through the ticket's WebSocket, takes a device, and can be opened again", async () => {
    const { socket, received } = await open();
    await expect.poll(() => received().length, { timeout: 20_000 }).toBeGreaterThanOrEqual(80);
    const hello = received();
    expect(hello.readUInt32LE(0)).toBe(types.hello);
    // 64 bytes of version and a word or more of capabilities.
    expect(hello.readUInt32LE(4)).toBe(hello.length - 12);
    expect(hello.toString('latin1', 12, 76)).toContain('qemu usb-redir guest');

    expect(await usbTree()).not.toContain('Speed 480 Mb/s');
    // In pieces as a network would cut them.
    const bytes = plugIn();
    for (let at = 0; at < bytes.length; at += 50) socket.send(bytes.subarray(at, at + 50));
    await expect.poll(usbTree, { timeout: 20_000 }).toContain('Speed 480 Mb/s');

    await expect(usb.service.createRedirectTicket('b'.repeat(32), 'owner')).rejects.toThrow('in use');
    socket.close();
    await once(socket, 'close');
    await expect
      .poll(() =>
        usb.service.createRedirectTicket('b'.repeat(32), 'x').then(
          () => 'free',
          () => 'busy',
        ),
      )
      .toBe('free');

    const again = await open();
    await expect.poll(() => again.received().length, { timeout: 20_000 }).toBeGreaterThanOrEqual(80);
    expect(again.received().toString('latin1', 12, 76)).toContain('qemu usb-redir guest');
    again.socket.terminate();
  }, 60_000);
});
