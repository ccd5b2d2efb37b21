import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createBmcFleet } from '../../hardware-lab/bmc-sim/fleet.ts';
import { type BmcSim, type BmcSimOptions, createBmcSim } from '../../hardware-lab/bmc-sim/sim.ts';
import { type BmcTarget, connectBmc, setPower } from '../../src/ipmi/index.ts';
import { ipmiErrorOf, realDeps, using } from '../support/ipmi-deps.ts';

const fast = { power: { onMs: 20, offMs: 20, softMs: 60, cycleMs: 40 }, coldResetMs: 200 };
const quick = { retryMs: [50, 100], deadlineMs: 1500, powerTryMs: 400, closeMs: 100 };
const hasty = { retryMs: [50], deadlineMs: 400, powerTryMs: 200, closeMs: 50 };

let sim: BmcSim;
afterEach(() => sim.close());

async function start(options: Partial<BmcSimOptions> = {}): Promise<BmcTarget> {
  sim = await createBmcSim({ bind: { address: '127.8.6.1', port: 0 }, ...fast, ...options });
  const who = { username: 'admin', password: 'test-secret', privilege: 'administrator' } as const;
  return { address: sim.address, port: sim.port, ...who };
}

const connect = (target: BmcTarget, timing = quick) => connectBmc(target, realDeps, timing);

async function until(what: () => boolean): Promise<void> {
  for (let i = 0; i < 200 && !what(); i++) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(what()).toBe(true);
}

describe('our client against our BMC simulator', () => {
  it.each([[3], [17]])('powers on from PXE with cipher suite %i', async (suite) => {
    const target = await start({ suites: [suite] });
    await using(connect({ ...target, cipherSuite: suite }), async (client) => {
      const kept = await client.setBootDevice({ device: 'pxe', efi: true, persistent: false });
      expect(kept).toEqual({ device: 'pxe', efi: true, persistent: false, valid: true });
      await setPower(client, 'on');
      await until(() => sim.state().power.on);
      expect(await client.bootDevice()).toMatchObject({ valid: false });
      expect(await client.systemGuid()).toEqual(sim.state().guid);
      expect(await client.deviceId()).toMatchObject({ firmwareMinor: '05', ipmiVersion: '2.0' });
      await setPower(client, 'reset');
      await setPower(client, 'off');
      await until(() => !sim.state().power.on);
    });
    expect(sim.state().lastBoot?.flags).toBeUndefined();
    expect(sim.state().sessions.length).toBe(0);
  });

  it.each([
    ['loss', { loss: 0.2 }],
    ['duplicates and another order', { duplicate: 0.3, reorder: 0.3 }],
    ['a slow network', { delayMs: 40 }],
    ['some forged and some damaged packets', { wrongSession: 0.2, badChecksum: 0.2 }],
  ])('gets through: %s', async (_, faults) => {
    const target = await start({ powerOn: true });
    await using(connect(target, { ...quick, deadlineMs: 10_000 }), async (client) => {
      sim.setFaults(faults);
      for (let i = 0; i < 10; i++) expect((await client.chassisStatus()).powerOn).toBe(true);
      sim.setFaults({ loss: 0, duplicate: 0, reorder: 0, delayMs: 0, wrongSession: 0, badChecksum: 0 });
    });
  });

  it.each([
    ['wrong RAKP 2', { wrongRakp2: true }, 'auth-failed'],
    ['wrong RAKP 4', { wrongRakp4: true }, 'bmc-not-genuine'],
    ['no sessions left', { sessionsExhausted: true }, 'out-of-sessions'],
    ['silence', { hang: true }, 'unreachable'],
    ['short answers', { truncate: 1 }, 'bad-reply'],
  ] as const)('names what is wrong at the login: %s', async (_, faults, code) => {
    const target = await start({ faults });
    expect((await ipmiErrorOf(connect(target, hasty))).code).toBe(code);
    // The client gives up what it does not trust, and the BMC frees it.
    await until(() => sim.state().logins.length + sim.state().sessions.length === 0);
  });

  it.each([
    ['busy', { busy: 1000 }, 'busy'],
    ['forged answers only', { wrongSession: 1 }, 'bmc-not-genuine'],
    ['a hang', { hang: true }, 'no-answer'],
    ['a restart in the middle', { rebootInCommand: true }, 'no-answer'],
    ['short answers', { truncate: 1 }, 'bad-reply'],
  ] as const)('names what is wrong in a session: %s', async (_, faults, code) => {
    const target = await start();
    await using(connect(target, hasty), async (client) => {
      sim.setFaults(faults);
      expect((await ipmiErrorOf(client.chassisStatus())).code).toBe(code);
    });
  });

  it('reads answers that are longer than the standard says', async () => {
    const target = await start({ powerOn: true });
    await using(connect(target), async (client) => {
      sim.setFaults({ oversize: 1 });
      expect((await client.chassisStatus()).powerOn).toBe(true);
    });
  });

  it('is told no more sessions at the fifth', async () => {
    const target = await start();
    const four = await Promise.all([1, 2, 3, 4].map(() => connect(target)));
    expect((await ipmiErrorOf(connect(target, hasty))).code).toBe('out-of-sessions');
    await Promise.all(four.map((client) => client.close()));
    await using(connect(target), (client) => client.chassisStatus());
  });

  it('logs in with K_G', async () => {
    const target = await start({ kg: new TextEncoder().encode('kg-test-secret') });
    await using(connect({ ...target, kg: 'kg-test-secret' }), (client) => client.chassisStatus());
    expect((await ipmiErrorOf(connect(target, hasty))).code).toBe('auth-failed');
  });
});

describe('a fleet', () => {
  it('answers at every address with its own GUID', async () => {
    await start();
    const fleet = await createBmcFleet({ count: 20, firstAddress: '127.8.7.250', port: 6230, powerOn: true });
    try {
      expect(fleet.sims.map(({ address }) => address).slice(4, 8)).toEqual([
        '127.8.7.254',
        '127.8.7.255',
        '127.8.8.0',
        '127.8.8.1',
      ]);
      const guids = await Promise.all(
        fleet.sims.map(({ address, port }) =>
          using(
            connect({ address, port, username: 'user', password: 'user-secret', privilege: 'user' }),
            (client) => client.systemGuid(),
          ),
        ),
      );
      expect(new Set(guids.map(String)).size).toBe(20);
    } finally {
      await fleet.close();
    }
  });

  it('leaves nothing behind when an address is taken', async () => {
    await start();
    const taken = await createBmcSim({ bind: { address: '127.8.9.3', port: 6230 } });
    const all = { count: 5, firstAddress: '127.8.9.1', port: 6230 };
    await expect(createBmcFleet(all)).rejects.toMatchObject({ code: 'port-in-use' });
    await taken.close();
    const fleet = await createBmcFleet(all);
    await fleet.close();
    await fleet.close();
  });

  it('runs as a program that says when it is ready, changes its faults and ends with SIGTERM', async () => {
    await start();
    const main = join(import.meta.dirname, '../../hardware-lab/bmc-sim/main.ts');
    const args = ['--count', '3', '--first', '127.8.10.1', '--port', '6230', '--on'];
    const child = spawn(process.execPath, ['--import', 'tsx', main, ...args]);
    const lines: string[] = [];
    const line = async (): Promise<unknown> => {
      while (lines.length === 0) {
        const [chunk] = (await once(child.stdout, 'data')) as [Buffer];
        lines.push(...chunk.toString().trim().split('\n'));
      }
      return JSON.parse(lines.shift() ?? '');
    };
    try {
      expect(await line()).toMatchObject({ ready: true, count: 3, first: '127.8.10.1', last: '127.8.10.3' });
      const who = { username: 'admin', password: 'test-secret' };
      const target = { address: '127.8.10.3', port: 6230, ...who };
      await using(connect(target), async (client) =>
        expect((await client.chassisStatus()).powerOn).toBe(true),
      );
      child.stdin.write('{"bmc":"127.8.10.3","hang":true}\n');
      expect(await line()).toEqual({ bmc: '127.8.10.3', faults: { hang: true } });
      expect((await ipmiErrorOf(connect(target, hasty))).code).toBe('unreachable');
      await using(connect({ ...target, address: '127.8.10.2' }), (client) => client.chassisStatus());
      child.stdin.write('{"hang":false}\n');
      expect(await line()).toEqual({ faults: { hang: false } });
      await using(connect(target), (client) => client.chassisStatus());
      child.stdin.write('{"los":1}\n');
      expect(await line()).toMatchObject({ error: expect.stringContaining('"los" is no fault') });
    } finally {
      child.kill('SIGTERM');
      const [code] = (await once(child, 'exit')) as [number | null];
      expect(code).toBe(0);
    }
  });
});
