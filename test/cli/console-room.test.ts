import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Transform } from 'node:stream';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { silentLog } from '../../src/base/log.ts';
import { run } from '../../src/cli/run.ts';
import { createConsoles } from '../../src/console/create.ts';
import { joinMachines } from '../../src/console/join-machines.ts';
import { vmMachines } from '../../src/console/machines/vm.ts';
import type { VmSide } from '../../src/console/ports.ts';
import { adminPassword, type ApiWorld, openApi } from '../support/api-world.ts';
import { host, savePlace, vm } from '../support/fake-kvm-records.ts';
import { random } from '../support/records.ts';
import { Sink } from './cli-world.ts';

const folder = mkdtempSync(join(tmpdir(), 'rackwright-console-room-'));
let world: ApiWorld;
let room: ReturnType<typeof createConsoles>;
let opened = 0;

/** A VM whose guest says in capitals what is typed. */
const guest: VmSide = {
  name: async () => 'web',
  view: async () => ({ name: 'web', status: 'Running', power: 'on' }),
  serialState: async () => ({ yes: true }),
  openSerial: async () => {
    opened += 1;
    return new Transform({
      transform: (chunk: Buffer, _encoding, done) => done(null, chunk.toString('latin1').toUpperCase()),
    });
  },
  hasScreen: async () => false,
  openScreen: () => Promise.reject(new Error('no screen')),
  power: async () => undefined,
  watch: () => () => undefined,
};

beforeAll(async () => {
  const machines = vmMachines(guest, { clock: systemClock, log: silentLog });
  room = createConsoles({
    directory: join(folder, 'consoles'),
    machines: joinMachines({ chassis: machines, vm: machines }),
    clock: systemClock,
    random,
    log: silentLog,
  });
  world = await openApi({}, systemClock, { consoles: room });
  const { clusterUuid } = await savePlace(world.store);
  const machine = host(clusterUuid, { name: 'kvm1' });
  await world.store.kvm.saveHost(machine);
  await world.store.kvm.saveVm(vm(machine, { name: 'web' }));
});
afterAll(async () => {
  await room.close();
  await world.close();
  rmSync(folder, { recursive: true });
});

function start(words: string, env: Record<string, string> = {}) {
  const stdin = new PassThrough();
  const [stdout, stderr] = [new Sink(), new Sink()];
  const whole = { HOME: folder, RACKWRIGHT_URL: world.api.url, ...env };
  return { stdin, stdout, stderr, status: run(words.split(' '), { env: whole, stdin, stdout, stderr }) };
}

it('reaches a VM through the API, two commands at one line, one of them typing', async () => {
  expect(await start('login', { RACKWRIGHT_PASSWORD: adminPassword }).status).toBe(0);
  const looking = start('console web --view-only');
  await vi.waitFor(() => expect(looking.stderr.text).toContain('the serial console is open'), 10_000);
  const typing = start('console web --vm --exit-on-eof');
  typing.stdin.end('uname\r');
  expect([await typing.status, typing.stderr.text]).toEqual([
    0,
    expect.stringContaining('console of vm web'),
  ]);
  expect(typing.stdout.text).toBe('UNAME\r');
  await vi.waitFor(() => expect(looking.stdout.text).toBe('UNAME\r'));
  expect(opened).toBe(1);
  expect(looking.stderr.text).not.toMatch(/[0-9a-f]{64}/);
  const gone = start('logout');
  expect(await gone.status).toBe(0);
  expect([await looking.status, looking.stderr.text]).toEqual([
    1,
    expect.stringContaining('the session ended'),
  ]);
}, 60_000);
