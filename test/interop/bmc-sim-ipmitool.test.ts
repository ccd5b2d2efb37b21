import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BmcSim, createBmcSim } from '../../hardware-lab/bmc-sim/sim.ts';
import { needTools } from '../support/need.ts';
import { runProgram } from '../support/run-program.ts';

const bind = (last: number) => ({ address: `127.8.1.${last}`, port: 0 });
/** Nothing takes long; the standard's pause of a power cycle is cut short. */
const fast = { power: { onMs: 20, offMs: 20, softMs: 60, cycleMs: 40 }, coldResetMs: 300, warmResetMs: 50 };

// Through the environment, which only the owner of a process can read.
process.env['IPMI_PASSWORD'] = 'test-secret';
process.env['IPMI_KGKEY'] = 'kg-test-secret';

/** ipmitool without repetitions: what it has to send twice is an error here. */
async function ipmitool(sim: BmcSim, suite: string, ...command: readonly string[]) {
  const user = ['-U', 'admin', '-E', '-R', '1', '-N', '3'];
  const where = ['-I', 'lanplus', '-C', suite, '-H', sim.address, '-p', String(sim.port)];
  const { status, stdout, stderr } = await runProgram('ipmitool', [...where, ...user, ...command]);
  return { status, out: stdout.toString(), err: stderr };
}

/** The outcome of a command that must succeed. */
async function succeeds(sim: BmcSim, suite: string, ...command: readonly string[]): Promise<string> {
  const { status, out, err } = await ipmitool(sim, suite, ...command);
  expect({ command, status, err }).toMatchObject({ status: 0 });
  return out;
}

async function until(what: () => boolean): Promise<void> {
  for (let i = 0; i < 200 && !what(); i++) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(what()).toBe(true);
}

describe.skipIf(!needTools({ tool: 'ipmitool', package: 'ipmitool' })).each(['3', '17'])(
  'ipmitool with cipher suite %s against our BMC simulator',
  (suite) => {
    let sim: BmcSim;
    const run = (...command: readonly string[]) => succeeds(sim, suite, ...command);
    const power = (...command: readonly string[]) => ipmitool(sim, suite, 'chassis', 'power', ...command);
    const isOn = () => sim.state().power.on;

    beforeAll(async () => {
      sim = await createBmcSim({ bind: bind(Number(suite)), ...fast });
    });
    afterAll(() => sim.close());

    it('power: status, on, off, cycle, reset, soft, diag', async () => {
      expect(await run('chassis', 'power', 'status')).toContain('is off');
      expect((await power('reset')).err).toContain('not supported in present state');
      await run('chassis', 'power', 'on');
      await until(isOn);
      expect(await run('chassis', 'status')).toMatch(/System Power +: on[^]*Last Power Event +: command/);
      expect(await run('chassis', 'restart_cause')).toContain('chassis power control command');
      await run('chassis', 'power', 'reset');
      await run('chassis', 'power', 'diag');
      await run('chassis', 'power', 'cycle');
      await until(() => !isOn());
      await until(isOn);
      await run('chassis', 'power', 'soft');
      await until(() => !isOn());
      await run('chassis', 'power', 'on');
      await until(isOn);
      await run('chassis', 'power', 'off');
      await until(() => !isOn());
      expect(await run('chassis', 'power', 'status')).toContain('is off');
    });

    it('event log: what the machine did, cleared with a reservation', async () => {
      const list = await run('sel', 'list');
      const events = list
        .trim()
        .split('\n')
        .map((line) => line.split('|').slice(3).join('|').trim());
      const off = 'Power Unit #0x40 | Power off/down | Asserted';
      const on = 'Power Unit #0x40 | Power off/down | Deasserted';
      const boot = 'System Boot Initiated #0x41 | Initiated by power up | Asserted';
      const reset = 'System Boot Initiated #0x41 | Initiated by hard reset | Asserted';
      const diag = 'Critical Interrupt #0x42 | NMI/Diag Interrupt | Asserted';
      expect(events).toEqual([on, boot, reset, diag, off, on, boot, off, on, boot, off]);
      expect(await run('sel', 'info')).toMatch(/Entries +: 11\b/);
      expect(await run('sel', 'elist')).toContain('Power Unit Power Unit');
      await run('sel', 'clear');
      expect(sim.state().sel.entries).toEqual([]);
      expect((await ipmitool(sim, suite, 'sel', 'list')).err).toContain('no entries');
      expect(await run('event', '1')).toContain('Upper Critical going high');
      expect(await run('sel', 'list')).toContain('Temperature #0x30');
      expect(await run('sel', 'time', 'get')).toMatch(/^\d\d\/\d\d\/\d\d /);
    });

    it('boot device: PXE once with EFI, read back, used up by a boot', async () => {
      await run('chassis', 'bootdev', 'pxe', 'options=efiboot');
      const kept = await run('chassis', 'bootparam', 'get', '5');
      expect(kept).toMatch(/Boot Flag Valid[^]*only next boot[^]*BIOS EFI boot[^]*Force PXE/);
      expect(await run('chassis', 'bootparam', 'get', '0')).toContain('set complete');
      await run('chassis', 'power', 'on');
      await until(isOn);
      expect(sim.state().lastBoot?.flags).toMatchObject({ efi: true, selector: 1, persistent: false });
      expect(await run('chassis', 'bootparam', 'get', '5')).toContain('Boot Flag Invalid');
    });

    it('identify and restore policy', async () => {
      await run('chassis', 'identify', '5');
      const { identifyUntil } = sim.state();
      expect(identifyUntil).toBeGreaterThan(0);
      await run('chassis', 'identify', 'force');
      expect(sim.state().identifyUntil).toBe(Infinity);
      expect(await run('chassis', 'policy', 'list')).toContain('always-off always-on previous');
      await run('chassis', 'policy', 'always-on');
      expect(await run('chassis', 'status')).toMatch(/Power Restore Policy : always-on/);
    });

    it('the BMC about itself', async () => {
      const info = await run('mc', 'info');
      expect(info).toMatch(/Firmware Revision +: 1.05[^]*IPMI Version +: 2.0[^]*Chassis Device/);
      expect(await run('mc', 'selftest')).toContain('passed');
      expect(await run('mc', 'guid')).toContain('5afe0b0c-0000-4000-8000-00007f0801');
      expect(await run('raw', '6', '1')).toBe(' 20 01 01 05 02 8f f0 f0 0f 01 00\n');
      const unknown = await ipmitool(sim, suite, 'raw', '6', '0x77');
      expect([unknown.status, unknown.err]).toEqual([1, expect.stringContaining('rsp=0xc1')]);
      expect(await run('session', 'info', 'active')).toMatch(
        /active sessions +: 1[^]*ADMINISTRATOR[^]*RMCP\+/,
      );
      const ciphers = await run('channel', 'getciphers', 'ipmi', '1');
      expect(ciphers).toMatch(/^3 .*hmac_sha1[^]*^17 .*hmac_sha256/m);
      expect(await run('channel', 'info', '1')).toContain('802.3 LAN');
    });

    it('sensors and their records', async () => {
      const list = await run('sensor', 'list');
      expect(list.trim().split('\n')).toHaveLength(8);
      expect(list).toMatch(
        /^CPU Temp +\| 4[0-9]\.000 +\| degrees C +\| ok +\| na +\| na +\| na +\| 80\.000 +\| 90\.000 +\| 100\.000/m,
      );
      expect(list).toMatch(/^12V +\| 1[12]\.\d+ +\| Volts +\| ok /m);
      expect(list).toMatch(/^Fan 1 +\| 4\d00\.000 +\| RPM +\| ok /m);
      expect(list).toMatch(/^PSU1 Status +\| 0x1 +\| discrete/m);
      expect(await run('sdr', 'info')).toMatch(/Record Count +: 9/);
      expect(await run('sdr', 'elist', 'full')).toContain('degrees C');
      expect(await run('sensor', 'get', 'Fan 1')).toMatch(/Lower Non-Critical +: 800/);
    });

    it('inventory', async () => {
      const fru = await run('fru', 'print');
      expect(fru).toMatch(/Board Product +: Simulated Board[^]*Product Serial +: SIM7F0801/);
      expect(fru).not.toContain('checksum');
    });

    it('users and their passwords', async () => {
      const users = await run('user', 'list', '1');
      expect(users).toMatch(/^2 +admin .*ADMINISTRATOR$/m);
      expect(users).toMatch(/^4 +user .*USER$/m);
      await run('user', 'set', 'name', '5', 'carol');
      await run('user', 'set', 'password', '5', 'carol-secret');
      await run('channel', 'setaccess', '1', '5', 'ipmi=on', 'privilege=3');
      await run('user', 'enable', '5');
      expect(sim.state().users[4]).toEqual({
        name: 'carol',
        password: 'carol-secret',
        privilege: 3,
        enabled: true,
      });
      expect(await run('user', 'test', '5', '16', 'carol-secret')).toContain('Success');
      expect((await ipmitool(sim, suite, 'user', 'test', '5', '16', 'wrong')).status).toBe(1);
    });

    it('LAN', async () => {
      const lan = await run('lan', 'print', '1');
      expect(lan).toContain(`IP Address              : ${sim.address}`);
      expect(lan).toMatch(/RMCP\+ Cipher Suites +: 3,17/);
      await run('lan', 'set', '1', 'ipsrc', 'dhcp');
      expect(await run('lan', 'print', '1')).toContain('DHCP Address');
    });

    it('SOL settings', async () => {
      expect(await run('sol', 'info', '1')).toMatch(
        /Enabled +: true[^]*Volatile Bit Rate \(kbps\) +: 115\.2/,
      );
      await run('sol', 'set', 'enabled', 'false', '1');
      expect(await run('sol', 'info', '1')).toMatch(/Enabled +: false/);
      await run('sol', 'set', 'enabled', 'true', '1');
      await run('sol', 'payload', 'disable', '1', '4');
      expect(await run('sol', 'payload', 'status', '1', '4')).toContain('disabled');
      expect((await ipmitool(sim, suite, 'sol', 'deactivate')).err).toContain('already de-activated');
    });

    it('resets the BMC, which keeps the machine running', async () => {
      const before = isOn();
      await ipmitool(sim, suite, 'mc', 'reset', 'cold');
      expect(sim.state().sessions.length).toBe(0);
      const { deafUntil } = sim.state();
      await until(() => Date.now() > deafUntil);
      expect(await run('mc', 'info')).toContain('IPMI Version');
      expect(isOn()).toBe(before);
      expect(sim.state().sessions.length).toBe(0);
    });
  },
);

describe.skipIf(!needTools({ tool: 'ipmitool', package: 'ipmitool' }))('what the simulator refuses', () => {
  let sim: BmcSim;
  beforeAll(async () => {
    const kg = new TextEncoder().encode('kg-test-secret');
    sim = await createBmcSim({ bind: bind(100), ...fast, suites: [17], kg });
  });
  afterAll(() => sim.close());
  const keyed = ['-K', '-v', 'chassis', 'status'];

  it.each(['0', '3'])('cipher suite %s', async (suite) => {
    const { status, err } = await ipmitool(sim, suite, ...keyed);
    expect([status, err]).toEqual([1, expect.stringContaining('no matching cipher suite')]);
  });

  it('a login without K_G, not one with it', async () => {
    expect((await ipmitool(sim, '17', 'chassis', 'status')).status).toBe(1);
    expect((await ipmitool(sim, '17', ...keyed)).out).toContain('System Power');
  });

  it('a wrong password, an unknown user, and more than the user may', async () => {
    // The second user has another password than the one in the environment.
    const wrong = await ipmitool(sim, '17', '-U', 'oper', '-L', 'OPERATOR', ...keyed);
    expect([wrong.status, wrong.out + wrong.err]).toEqual([
      1,
      expect.stringContaining('RAKP 2 HMAC is invalid'),
    ]);
    const unknown = await ipmitool(sim, '17', '-U', 'nobody', ...keyed);
    expect([unknown.status, unknown.err]).toEqual([1, expect.stringContaining('unauthorized name')]);
    const low = await ipmitool(sim, '17', '-U', 'user', ...keyed);
    expect([low.status, low.err]).toEqual([1, expect.stringContaining('unauthorized role')]);
    // The administrator's one is left of the login without K_G, which the BMC cannot tell from a right one.
    expect(sim.state().sessions.map(({ userId }) => userId)).toEqual([2]);
  });
});
