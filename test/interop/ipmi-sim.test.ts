import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { toHex } from '../../src/base/bytes.ts';
import {
  type BmcClient,
  type BmcTarget,
  connectBmc,
  type IpmiTiming,
  setPower,
} from '../../src/ipmi/index.ts';
import { ipmiErrorOf, realDeps, using } from '../support/ipmi-deps.ts';
import { type IpmiSim, simAdmin, simTool, startIpmiSim } from '../support/ipmi-sim.ts';
import { lossyRelay } from '../support/lossy-relay.ts';
import { needTools } from '../support/need.ts';

const guid = '00112233445566778899aabbccddeeff';
const operator = { name: 'oper', password: 'test-oper', privilege: 'operator' } as const;

/** The product's own times are proven by the first tests; the rest is about what happens, not when. */
const quick: Partial<IpmiTiming> = {
  retryMs: [50, 100, 200],
  deadlineMs: 1200,
  powerTryMs: 400,
  closeMs: 200,
};

describe.skipIf(!needTools(simTool))('a session with ipmi_sim', () => {
  let sim: IpmiSim;
  beforeEach(async () => {
    sim = await startIpmiSim({ guid, users: [simAdmin, operator] });
  });
  afterEach(() => sim.close());

  function target(over: Partial<BmcTarget> = {}): BmcTarget {
    const { name: username, password } = simAdmin;
    return { address: sim.address, port: sim.port, username, password, ...over };
  }
  const connect = (over: Partial<BmcTarget> = {}, timing?: Partial<IpmiTiming>): Promise<BmcClient> =>
    connectBmc(target(over), realDeps, timing);

  it('tells who the machine is', () =>
    using(connect(), async (client) => {
      expect(await client.deviceId()).toEqual({
        deviceId: 0,
        firmwareMajor: 9,
        firmwareMinor: '08',
        ipmiVersion: '2.0',
        manufacturerId: 0x1291,
        productId: 0x0f02,
      });
      expect(toHex(await client.systemGuid())).toBe(guid);
    }));

  it('switches on, off, resets and cycles, each once', () =>
    using(connect(), async (client) => {
      expect((await client.chassisStatus()).powerOn).toBe(false);
      await client.chassisControl('power-up');
      expect((await client.chassisStatus()).powerOn).toBe(true);
      await client.chassisControl('hard-reset');
      await client.chassisControl('soft-shutdown');
      await client.chassisControl('power-down');
      expect((await client.chassisStatus()).powerOn).toBe(false);
      expect(sim.calls()).toEqual(['set power 1', 'set reset 1', 'set shutdown 1', 'set power 0']);
      sim.setPower(true);
      await client.chassisControl('power-cycle');
      await expect
        .poll(() => sim.calls(), { timeout: 10_000 })
        .toEqual([
          'set power 1',
          'set reset 1',
          'set shutdown 1',
          'set power 0',
          'set power 0',
          'set power 1',
        ]);
    }));

  it('knows what "on", "off" and "reset" mean to a technician', () =>
    using(connect(), async (client) => {
      await setPower(client, 'off');
      expect(sim.calls()).toEqual([]);
      await setPower(client, 'reset');
      expect(sim.calls()).toEqual(['set power 1']);
      await setPower(client, 'on');
      expect(sim.calls()).toEqual(['set power 1']);
      await setPower(client, 'reset');
      await setPower(client, 'off');
      expect(sim.calls()).toEqual(['set power 1', 'set reset 1', 'set power 0']);
      expect(sim.powerOn()).toBe(false);
    }));

  it('sets the boot device and sees that this board keeps the device only', () =>
    using(connect(), async (client) => {
      expect((await client.bootDevice()).device).toBe('none');
      const kept = await client.setBootDevice({ device: 'pxe', efi: true, persistent: false });
      expect(sim.calls()).toEqual(['set boot pxe']);
      // docs/quirks.md: ipmi_sim loses the valid, persistent and EFI bits and refuses parameter 0.
      expect(kept).toEqual({ device: 'pxe', efi: false, persistent: false, valid: false });
      expect(await client.bootDevice()).toEqual(kept);
      await client.setBootDevice({ device: 'none', efi: false, persistent: false });
      expect((await client.bootDevice()).device).toBe('none');
    }));

  it('queues calls that are made at once', () =>
    using(connect(), async (client) => {
      const results = await Promise.all([
        client.deviceId(),
        client.setBootDevice({ device: 'pxe', efi: false, persistent: false }),
        client.chassisControl('power-up'),
        client.chassisStatus(),
        client.systemGuid(),
      ]);
      expect(results[1].device).toBe('pxe');
      expect(results[3].powerOn).toBe(true);
    }));

  it('names a wrong password, without telling it', async () => {
    const error = await ipmiErrorOf(connect({ password: 'not-the-secret' }));
    expect(error).toMatchObject({ code: 'auth-failed', data: { rakpStatus: 0x0f } });
    expect(error.message).toMatch(/wrong password/);
    expect(JSON.stringify([error.message, error.data, error.stack])).not.toMatch(
      /not-the-secret|test-secret/,
    );
  });

  it('names a user that the BMC does not have', async () => {
    const error = await ipmiErrorOf(connect({ username: 'nobody' }));
    expect(error).toMatchObject({ code: 'auth-failed', data: { rakpStatus: 0x0d } });
    expect(error.message).toMatch(/"nobody".*does not exist/);
  });

  it('asks for no more privilege than was wished, and the BMC refuses what is above it', () =>
    using(
      connect({ username: operator.name, password: operator.password, privilege: 'user' }),
      async (client) => {
        expect((await client.chassisStatus()).powerOn).toBe(false);
        const error = await ipmiErrorOf(client.chassisControl('power-up'));
        expect(error).toMatchObject({ code: 'privilege', data: { completionCode: 0xd4 } });
        expect(sim.calls()).toEqual([]);
      },
    ));

  it('refuses credentials that IPMI cannot have', async () => {
    const long = await ipmiErrorOf(connect({ password: 'x'.repeat(21) }));
    expect(long).toMatchObject({ code: 'bad-target' });
    expect(long.message).not.toContain('xxx');
    expect(await ipmiErrorOf(connect({ username: 'x'.repeat(17) }))).toMatchObject({ code: 'bad-target' });
    expect(await ipmiErrorOf(connect({ address: 'bmc.example' }))).toMatchObject({ code: 'bad-target' });
    expect(await ipmiErrorOf(connect({ port: 0 }))).toMatchObject({ code: 'bad-target' });
  });

  it('says "unreachable" when nobody is there', async () => {
    const { address, port } = sim;
    await sim.close();
    const error = await ipmiErrorOf(connect({ address, port }, quick));
    expect(error.code).toBe('unreachable');
    // The kernel refuses to send a broadcast from this socket.
    const noRoute = await ipmiErrorOf(connect({ address: '255.255.255.255' }, quick));
    expect(noRoute.code).toBe('unreachable');
  });

  it('leaks no session: 100 logins in a row, and 100 failed ones', async () => {
    for (let i = 0; i < 100; i++) await using(connect(), (client) => client.deviceId());
    for (let i = 0; i < 100; i++)
      expect((await ipmiErrorOf(connect({ password: 'wrong' }))).code).toBe('auth-failed');
    await using(connect(), (client) => client.deviceId());
  });

  it('closes once, quickly, and rejects what comes after', async () => {
    const client = await connect();
    const late = ipmiErrorOf(Promise.all([client.deviceId(), client.systemGuid()]));
    await Promise.all([client.close(), client.close()]);
    expect((await late).code).toBe('closed');
    expect((await ipmiErrorOf(client.deviceId())).code).toBe('closed');
  });
});

describe.skipIf(!needTools(simTool))('an ipmi_sim that falls silent', () => {
  let sim: IpmiSim;
  let client: BmcClient;
  beforeEach(async () => {
    sim = await startIpmiSim();
    client = await connectBmc(target(), realDeps, quick);
  });
  afterEach(async () => {
    sim.thaw();
    await client.close();
    await sim.close();
  });
  const target = (): BmcTarget => {
    const { name: username, password } = simAdmin;
    return { address: sim.address, port: sim.port, username, password };
  };

  it('for a moment: the read is repeated and succeeds', async () => {
    sim.freeze();
    const reading = client.chassisStatus();
    setTimeout(() => sim.thaw(), 400);
    expect((await reading).powerOn).toBe(false);
    // The answers to the repetitions are still coming; they belong to no command.
    expect((await client.deviceId()).manufacturerId).toBe(0x1291);
    expect((await client.chassisStatus()).powerOn).toBe(false);
  });

  it('for good: no-answer, then closed; close() does not hang; a new login works once it is back', async () => {
    sim.freeze();
    expect((await ipmiErrorOf(client.deviceId())).code).toBe('no-answer');
    expect((await ipmiErrorOf(client.deviceId())).code).toBe('closed');
    const before = Date.now();
    await client.close();
    expect(Date.now() - before).toBeLessThan(1000);
    sim.thaw();
    client = await connectBmc(target(), realDeps, quick);
    expect((await client.deviceId()).manufacturerId).toBe(0x1291);
  });

  it('close() of a session whose BMC is silent takes a second at most', async () => {
    sim.freeze();
    const before = Date.now();
    await client.close();
    expect(Date.now() - before).toBeLessThan(1000);
  });

  it('during a reset: the command is sent once, and the error says that it may have run', async () => {
    sim.setPower(true);
    sim.slow(2);
    const error = await ipmiErrorOf(client.chassisControl('hard-reset'));
    expect(error).toMatchObject({ code: 'no-answer', data: { mayHaveRun: true } });
    expect(error.message).toMatch(/may have been carried out/);
    await expect.poll(() => sim.calls(), { timeout: 5000 }).toEqual(['set reset 1']);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(sim.calls()).toEqual(['set reset 1']);
  });

  it('during power-up: the chassis status proves it, and it is not sent again', async () => {
    sim.slow(0.6);
    await client.chassisControl('power-up');
    expect(sim.powerOn()).toBe(true);
    expect(sim.calls()).toEqual(['set power 1']);
  });
});

describe.skipIf(!needTools(simTool)).concurrent('ipmi_sim behind a bad network', () => {
  it.each([1, 2, 3])('loses 30 of 100 both ways, repeats and reorders, seed %i', async (seed) => {
    const sim = await startIpmiSim();
    const relay = await lossyRelay(sim, { seed, loss: 0.3, duplicate: 0.1, maxDelayMs: 30 });
    const { name: username, password } = simAdmin;
    const timing = { ...quick, deadlineMs: 8000, powerTryMs: 500 };
    try {
      const work = connectBmc({ ...relay.at, username, password }, realDeps, timing);
      await using(work, async (client) => {
        for (let i = 0; i < 10; i++) expect((await client.deviceId()).manufacturerId).toBe(0x1291);
        await client.setBootDevice({ device: 'pxe', efi: false, persistent: false });
        expect((await client.bootDevice()).device).toBe('pxe');
        await client.chassisControl('power-up');
        expect((await client.chassisStatus()).powerOn).toBe(true);
        expect(sim.powerOn()).toBe(true);
      });
      expect(relay.dropped()).toBeGreaterThan(0);
    } finally {
      await relay.close();
      await sim.close();
    }
  });

  it('logs in when each message of the login is lost once', async () => {
    const sim = await startIpmiSim();
    const lost: number[] = [];
    const none = { seed: 1, loss: 0, duplicate: 0, maxDelayMs: 1 };
    const relay = await lossyRelay(sim, none, (datagram) => {
      // The sixth byte of a login datagram is its payload type; 0 is the probe before it. IPMI 2.0 §13.27.3
      const type = datagram[4] === 0x06 ? Number(datagram[5]) : 0;
      if (type > 0x3f || lost.includes(type)) return false;
      lost.push(type);
      return true;
    });
    const { name: username, password } = simAdmin;
    try {
      const work = connectBmc({ ...relay.at, username, password }, realDeps, { ...quick, deadlineMs: 8000 });
      await using(work, (client) => client.deviceId());
      expect(lost).toEqual([0x00, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15]);
    } finally {
      await relay.close();
      await sim.close();
    }
  });
});
