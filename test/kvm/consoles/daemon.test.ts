import { createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ByteWriter } from '../../../src/base/bytes.ts';
import { systemClock } from '../../../src/base/clock.ts';
import type { Uuid } from '../../../src/base/uuid.ts';
import { openLibvirtConsole } from '../../../src/kvm/consoles/libvirt-console.ts';
import { procedures } from '../../../src/kvm/consoles/wire/calls.ts';
import { encodePacket, type Packet, takePacket } from '../../../src/kvm/consoles/wire/packet.ts';
import { collect, connectTo } from './console-world.ts';

const folder = mkdtempSync(join(tmpdir(), 'rackwright-libvirt-'));
const path = join(folder, 'sock');
afterAll(() => rmSync(folder, { recursive: true }));

type Answer = { readonly status?: number; readonly payload?: Uint8Array } | 'silence';
const u32 = (...values: number[]): Uint8Array =>
  values.reduce((w, value) => w.u32be(value), new ByteWriter()).done();
const fault = (code: number): Answer => ({ status: 1, payload: u32(code, 10, 0, 2) });

let answers: Record<number, Answer>;
let heard: Packet[];
let peer: Socket | undefined;
let server: Server;

/** A daemon that answers each call as it is told. */
function serve(socket: Socket): void {
  peer = socket;
  let bytes: Buffer = Buffer.alloc(0);
  socket.on('error', () => undefined);
  socket.on('data', (chunk: Buffer) => {
    bytes = Buffer.concat([bytes, chunk]);
    for (let taken = takePacket(bytes); taken !== undefined; taken = takePacket(bytes)) {
      bytes = bytes.subarray(taken.length);
      if (taken.packet === undefined) continue;
      heard.push(taken.packet);
      const { procedure, serial, type } = taken.packet;
      const answer = type === 0 ? (answers[procedure] ?? {}) : 'silence';
      if (answer === 'silence') continue;
      const { status = 0, payload = new Uint8Array() } = answer;
      socket.write(encodePacket({ procedure, type: 1, serial, status, payload }));
    }
  });
}

beforeEach(async () => {
  answers = { [procedures.authList]: { payload: u32(1, 0) }, [procedures.domainByUuid]: { payload: u32(7) } };
  heard = [];
  server = createServer(serve).listen(path);
  await once(server, 'listening');
});
afterEach(async () => {
  peer?.destroy();
  await new Promise((resolve) => void server.close(resolve));
});

const open = async (takeOver = false, timeoutMs = 5000) =>
  openLibvirtConsole({
    stream: await connectTo(path),
    uri: 'qemu:///system',
    uuid: 'b'.repeat(32) as Uuid,
    takeOver,
    clock: systemClock,
    timeoutMs,
  });
const streamPacket = (payload: Uint8Array, status = 2, serial = 4): Uint8Array =>
  encodePacket({ procedure: procedures.openConsole, type: 3, serial, status, payload });

describe("libvirt's daemon, asked for a console", () => {
  it('is asked in its order, and its bytes come at once, in pieces of any size, until it ends them', async () => {
    const console = await open(true);
    expect(heard.map(({ procedure }) => procedure)).toEqual([66, 1, 24, 201]);
    expect([...(heard[3]?.payload ?? [])]).toEqual([...u32(7, 0, 1)]);
    const got = collect(console);
    const bytes = Buffer.concat([
      streamPacket(Buffer.from('one ')),
      streamPacket(Buffer.from('not ours'), 2, 3),
      streamPacket(Buffer.from('two')),
    ]);
    for (const byte of bytes) peer?.write(Uint8Array.of(byte));
    await vi.waitFor(() => expect(got.text).toBe('one two'));
    console.write(Buffer.alloc(40_000, 'k'));
    await vi.waitFor(() => expect(heard).toHaveLength(7));
    expect(
      heard.slice(4).map(({ type, serial, status, payload }) => [type, serial, status, payload.length]),
    ).toEqual([
      [3, 4, 2, 16_384],
      [3, 4, 2, 16_384],
      [3, 4, 2, 7232],
    ]);
    const closed = once(console, 'close');
    peer?.write(streamPacket(new Uint8Array()));
    await closed;
    expect(console.errored).toBeNull();
  });

  it.each([
    ['somebody else has it', procedures.openConsole, fault(9), 'conflict', 'take it over'],
    ['another failure of the console', procedures.openConsole, fault(1), 'command-failed', 'error 1'],
    ['no such domain', procedures.domainByUuid, fault(42), 'refused', 'start it first'],
    ['a domain that is off', procedures.openConsole, fault(55), 'refused', 'start it first'],
    ['code 9 of another call', procedures.open, fault(9), 'command-failed', 'error 9'],
    ['a login', procedures.authList, { payload: u32(1, 1) }, 'command-failed', 'log in to the host as root'],
    ['nonsense', procedures.authList, { payload: u32(99) }, 'command-failed', 'auth.count'],
  ] as const)('says no: %s', async (_what, procedure, answer, code, text) => {
    answers[procedure] = answer;
    await expect(open()).rejects.toMatchObject({ code, message: expect.stringContaining(text) as string });
    await vi.waitFor(() => expect(peer?.destroyed).toBe(true));
  });

  it('is not waited for when it says nothing, or goes', async () => {
    answers[procedures.open] = 'silence';
    await expect(open(false, 50)).rejects.toThrow('does not answer');
    const gone = open();
    await vi.waitFor(() => expect(heard.length).toBeGreaterThan(2));
    setTimeout(() => peer?.destroy(), 20);
    await expect(gone).rejects.toThrow('closed the connection');
  });

  it('that breaks off an open console, or sends rubbish, is told as such', async () => {
    const taken = await open();
    const failed = new Promise<Error>((resolve) => void taken.once('error', resolve));
    taken.resume();
    peer?.write(streamPacket(u32(38, 10, 0, 2), 1));
    expect((await failed).message).toContain('somebody else took the console over');
    const confused = await open();
    const rubbish = new Promise<Error>((resolve) => void confused.once('error', resolve));
    confused.resume();
    peer?.write(u32(3));
    expect((await rubbish).message).toContain('packet.length');
  });

  it('waits while nobody reads', async () => {
    const console = await open();
    const piece = streamPacket(Buffer.alloc(200_000, 'x'));
    let isHeldBack = false;
    for (let at = 0; at < 400 && !isHeldBack; at++) {
      isHeldBack = peer?.write(piece) === false && (peer?.writableLength ?? 0) > 2_000_000;
      await new Promise(setImmediate);
    }
    expect(isHeldBack).toBe(true);
    console.destroy();
  });
});
