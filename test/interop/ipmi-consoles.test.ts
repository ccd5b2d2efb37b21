import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { suites } from '../../src/ipmi/crypto/suite.ts';
import { type FakeBmcUdp, startFakeBmc } from '../support/fake-bmc-udp.ts';
import { needTools } from '../support/need.ts';
import { runConsole } from '../support/run-console.ts';

/** Consoles that we did not write against our half of a BMC: every suite, K_G, and IPMI 1.5, without repetitions. */
const ipmitool = { tool: 'ipmitool', package: 'ipmitool' } as const;
const freeipmi = { tool: 'bmc-info', package: 'freeipmi-tools' } as const;

const password = 'twenty-bytes-passwrd';
const shortPassword = 'test-secret';
const kg = 'second-key';
const deviceId = Uint8Array.of(0x20, 0x81, 0x07, 0x45, 0x02, 0xbf, 0x57, 0x01, 0x00, 0x34, 0x12);
const folder = mkdtempSync(join(tmpdir(), 'freeipmi-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function bmcOf(options: Partial<Parameters<typeof startFakeBmc>[0]>): Promise<FakeBmcUdp> {
  return startFakeBmc({
    password,
    suites: [...suites.keys()],
    onCommand: ({ netFn, cmd }) =>
      netFn === 6 && cmd === 1 ? { completionCode: 0, data: deviceId } : { completionCode: 0xc1 },
    ...options,
  });
}

let bmc: FakeBmcUdp | undefined;
beforeEach(() => {
  bmc = undefined;
});
afterEach(() => bmc?.close());

describe.skipIf(!needTools(ipmitool))('ipmitool', () => {
  const read = ({ address, port }: FakeBmcUdp, args: readonly string[], secret: string) =>
    runConsole(
      'ipmitool',
      ['-R', '1', '-N', '2', '-H', address, '-p', String(port), '-U', 'admin', '-E', ...args, 'mc', 'info'],
      { IPMI_PASSWORD: secret, IPMI_KGKEY: kg },
    );

  // Suites 11 and 12 (MD5-128) end ipmitool 1.8.19 with a failed assertion; FreeIPMI has them.
  it.each([1, 2, 3, 6, 7, 8, 15, 16, 17])('suite %i', async (suite) => {
    bmc = await bmcOf({});
    const { code, text } = await read(bmc, ['-I', 'lanplus', '-C', String(suite)], password);
    expect({ code, text }).toMatchObject({ code: 0, text: expect.stringMatching(/4660 \(0x1234\)/) });
    expect(bmc.bmc.openSessions()).toBe(0);
  });

  it.each([3, 17])('suite %i with K_G', async (suite) => {
    bmc = await bmcOf({ kg: new TextEncoder().encode(kg) });
    const args = ['-I', 'lanplus', '-C', String(suite)];
    expect((await read(bmc, [...args, '-k', kg], password)).code).toBe(0);
    expect((await read(bmc, args, password)).code).not.toBe(0);
  });

  it.each(['MD5', 'PASSWORD', 'NONE'])('IPMI 1.5 with %s', async (type) => {
    bmc = await bmcOf({ password: shortPassword });
    const { code, text } = await read(bmc, ['-I', 'lan', '-A', type], shortPassword);
    expect({ code, text }).toMatchObject({ code: 0, text: expect.stringMatching(/4660 \(0x1234\)/) });
    expect(bmc.bmc.openSessions()).toBe(0);
  });
});

describe.skipIf(!needTools(freeipmi))('FreeIPMI', () => {
  function read({ address, port }: FakeBmcUdp, args: readonly string[], secret: string, key?: string) {
    const file = join(folder, `config-${port}`);
    const keyLine = key === undefined ? '' : `k_g ${key}\n`;
    writeFileSync(file, `username admin\npassword ${secret}\n${keyLine}`, { mode: 0o600 });
    const host = `${address}:${port}`;
    const timeouts = ['--session-timeout=3000', '--retransmission-timeout=2900'];
    const common = ['--config-file', file, '-h', host, '-l', 'ADMIN', ...timeouts];
    return runConsole('bmc-info', [...common, ...args, '--get-device-id']);
  }

  it.each([...suites.keys()])('suite %i', async (suite) => {
    bmc = await bmcOf({});
    const { code, text } = await read(bmc, ['-D', 'LAN_2_0', '-I', String(suite)], password);
    expect({ code, text }).toMatchObject({ code: 0, text: expect.stringMatching(/Product ID +: 4660/) });
    expect(bmc.bmc.openSessions()).toBe(0);
  });

  it.each([3, 17])('suite %i with K_G', async (suite) => {
    bmc = await bmcOf({ kg: new TextEncoder().encode(kg) });
    const args = ['-D', 'LAN_2_0', '-I', String(suite)];
    expect((await read(bmc, args, password, kg)).code).toBe(0);
    expect((await read(bmc, args, password, 'another')).code).not.toBe(0);
  });

  it.each(['MD5', 'STRAIGHT_PASSWORD_KEY', 'NONE'])('IPMI 1.5 with %s', async (type) => {
    bmc = await bmcOf({ password: shortPassword });
    const { code, text } = await read(bmc, ['-D', 'LAN', '-a', type], shortPassword);
    expect({ code, text }).toMatchObject({ code: 0, text: expect.stringMatching(/Product ID +: 4660/) });
    expect(bmc.bmc.openSessions()).toBe(0);
  });

  it('a big-endian counter is what its quirk "endianseq" means', async () => {
    bmc = await bmcOf({ password: shortPassword, quirk: 'big-endian' });
    expect((await read(bmc, ['-D', 'LAN', '-a', 'MD5', '-W', 'endianseq'], shortPassword)).code).toBe(0);
  });

  it.each([
    ['long-rakp2', 'supermicro20'],
    ['long-rakp2', 'sun20'],
    ['open-privilege', 'sun20'],
    ['open-privilege', 'opensesspriv'],
    ['padded-username', 'intel20'],
  ] as const)('a BMC with %s is what its quirk "%s" means', async (quirk, flag) => {
    bmc = await bmcOf({ quirk });
    const args = ['-D', 'LAN_2_0', '-I', '3'];
    expect((await read(bmc, [...args, '-W', flag], password)).code).toBe(0);
    expect((await read(bmc, args, password)).code).not.toBe(0);
  });
});
