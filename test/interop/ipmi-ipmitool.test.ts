import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../src/base/bytes.ts';
import { deriveKeys, rakp2AuthCode, rakp3AuthCode, rakp4Icv } from '../../src/ipmi/crypto/rakp.ts';
import { type CipherSuite, suite17, suite3 } from '../../src/ipmi/crypto/suite.ts';
import { type FakeBmcUdp, startFakeBmc } from '../support/fake-bmc-udp.ts';
import { type IpmiSim, type SimUser, simAdmin, simTool, startIpmiSim } from '../support/ipmi-sim.ts';
import { type IpmitoolTrace, parseIpmitoolTrace } from '../support/ipmitool-trace.ts';
import { needTools } from '../support/need.ts';
import { runConsole } from '../support/run-console.ts';

const ipmitool = { tool: 'ipmitool', package: 'ipmitool' } as const;

const users: Readonly<Record<string, SimUser>> = {
  admin: simAdmin,
  // ipmi_sim 2.0.33 keeps 15 bytes of a user name and 19 of a password (docs/quirks.md).
  'longest-credentials': {
    name: 'fifteen-bytes-a',
    password: 'nineteen-bytes-pass',
    privilege: 'admin',
  },
  operator: { name: 'oper', password: 'p', privilege: 'operator' },
};

/** A run of ipmitool, and what is needed to compute its keys again. */
interface Case {
  readonly name: string;
  readonly suite: CipherSuite;
  readonly user: SimUser;
  /** K_G in hex. */
  readonly kg?: string;
  readonly at: { readonly address: string; readonly port: number };
  readonly bmc: string;
}

/** Runs ipmitool; answers its numbers and ours, which must be the same. */
async function compare({ name, suite, user, kg, at, bmc }: Case) {
  const level = user.privilege === 'operator' ? ['-L', 'OPERATOR'] : [];
  const where = ['-H', at.address, '-p', String(at.port)];
  // ipmitool takes K_G from its arguments only; it is of this test alone.
  const key = kg === undefined ? [] : ['-y', kg];
  const login = ['-U', user.name, '-E', ...key, ...level];
  const args = ['-vvvvv', '-I', 'lanplus', '-C', String(suite.id), ...where, ...login, 'mc', 'info'];
  const { text } = await runConsole('ipmitool', args, { IPMI_PASSWORD: user.password });
  const trace = parseIpmitoolTrace(text, suite.icvBytes);
  if (trace.session.length < 4) throw new Error('ipmitool did not come to the session');

  if (process.env['UPDATE_FIXTURES'] === '1') {
    const provenance = {
      console: (await runConsole('ipmitool', ['-V'])).text.trim(),
      bmc,
      command: `ipmitool ${args.join(' ')}`.replace(where.join(' '), '-H <bmc> -p <port>'),
    };
    const known = { suite: suite.id, ...(kg === undefined ? {} : { kg }) };
    const file = join(import.meta.dirname, `../fixtures/ipmi/ipmitool-${name}.json`);
    const { name: username, password } = user;
    const vector = { provenance, ...known, username, password, ...trace };
    writeFileSync(file, `${JSON.stringify(vector, null, 2)}\n`);
    throw new Error(`${file} was written anew; look at it and run without UPDATE_FIXTURES`);
  }
  return { ours: ours(trace, suite, user, kg), theirs: theirs(trace) };
}

/** Two sides that we did not write, ipmitool and ipmi_sim, agree on keys: ours must be the same. */
describe.skipIf(!needTools(simTool, ipmitool))('ipmitool against ipmi_sim', () => {
  let sim: IpmiSim;
  beforeAll(async () => {
    sim = await startIpmiSim({ users: Object.values(users) });
  });
  afterAll(() => sim.close());

  it.each(Object.keys(users))('computes what we compute: %s', async (name) => {
    const run = await compare({
      name,
      suite: suite3,
      user: users[name] as SimUser,
      at: sim,
      bmc: 'ipmi_sim of OpenIPMI 2.0.33 (Debian package openipmi)',
    });
    expect(run.ours).toEqual(run.theirs);
  });
});

const deviceId = Uint8Array.of(0x20, 0x81, 0x07, 0x45, 0x02, 0xbf, 0x57, 0x01, 0x00, 0x34, 0x12);
const longest: SimUser = {
  name: 'sixteen-bytes-ab',
  password: 'twenty-bytes-passwrd',
  privilege: 'admin',
};
const shortKg = toHex(new TextEncoder().encode('second-key'));
const longKg = 'ff0102030405060708090a0b0c0d0e0f10111200';

/** ipmi_sim knows neither suite 17 nor K_G: here ipmitool's own numbers, which it prints, are what ours must equal. */
describe.skipIf(!needTools(ipmitool))('ipmitool against a BMC of ours', () => {
  const bmcs: FakeBmcUdp[] = [];
  afterAll(() => Promise.all(bmcs.map((bmc) => bmc.close())));

  it.each([
    ['suite17', suite17, simAdmin, undefined],
    ['suite17-longest-credentials', suite17, longest, undefined],
    ['suite3-longest-credentials', suite3, longest, undefined],
    ['suite17-kg', suite17, simAdmin, shortKg],
    ['suite3-kg', suite3, simAdmin, shortKg],
    ['suite17-longest-kg', suite17, longest, longKg],
  ] as const)('computes what we compute: %s', async (name, suite, user, kg) => {
    const { name: username, password } = user;
    const at = await startFakeBmc({
      username,
      password,
      suites: [suite.id],
      ...(kg === undefined ? {} : { kg: fromHex(kg) }),
      onCommand: ({ netFn, cmd }) =>
        netFn === 6 && cmd === 1 ? { completionCode: 0, data: deviceId } : { completionCode: 0xc1 },
    });
    bmcs.push(at);
    const bmc = 'test/support/fake-bmc.ts over UDP';
    const run = await compare({ name, suite, user, at, bmc, ...(kg === undefined ? {} : { kg }) });
    expect(run.ours).toEqual(run.theirs);
  });
});

function theirs({ rakp2AuthCode, rakp3AuthCode, rakp4Icv, sik, k1, k2 }: IpmitoolTrace) {
  return { rakp2AuthCode, rakp3AuthCode, rakp4Icv, sik, k1, k2 };
}

function ours(trace: IpmitoolTrace, suite: CipherSuite, user: SimUser, kg: string | undefined) {
  const facts = {
    ...trace,
    consoleRandom: fromHex(trace.consoleRandom),
    bmcRandom: fromHex(trace.bmcRandom),
    bmcGuid: fromHex(trace.bmcGuid),
    username: new TextEncoder().encode(user.name),
    password: new TextEncoder().encode(user.password),
    kg: kg === undefined ? undefined : fromHex(kg),
  };
  const { sik, k1, k2 } = deriveKeys(suite, facts);
  return {
    rakp2AuthCode: toHex(rakp2AuthCode(suite, facts)),
    rakp3AuthCode: toHex(rakp3AuthCode(suite, facts)),
    rakp4Icv: toHex(rakp4Icv(suite, sik, facts)),
    sik: toHex(sik),
    k1: toHex(k1),
    k2: toHex(k2),
  };
}
