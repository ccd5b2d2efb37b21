import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../src/base/bytes.ts';
import { deriveKeys, rakp2AuthCode, rakp3AuthCode, rakp4Icv } from '../../src/ipmi/crypto/rakp.ts';
import { suite3 } from '../../src/ipmi/crypto/suite.ts';
import { type IpmiSim, type SimUser, simAdmin, simTool, startIpmiSim } from '../support/ipmi-sim.ts';
import { type IpmitoolTrace, parseIpmitoolTrace } from '../support/ipmitool-trace.ts';
import { needTools } from '../support/need.ts';

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

function run(program: string, args: readonly string[], password: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { env: { ...process.env, IPMI_PASSWORD: password } });
    let text = '';
    const add = (chunk: Buffer): void => void (text += chunk.toString('latin1'));
    child.stdout.on('data', add);
    child.stderr.on('data', add);
    child.on('error', reject);
    child.on('close', () => resolve(text));
  });
}

/** Two sides that we did not write, ipmitool and ipmi_sim, agree on keys: ours must be the same. */
describe.skipIf(!needTools(simTool, { tool: 'ipmitool', package: 'ipmitool' }))(
  'ipmitool against ipmi_sim',
  () => {
    let sim: IpmiSim;
    beforeAll(async () => {
      sim = await startIpmiSim({ users: Object.values(users) });
    });
    afterAll(() => sim.close());

    it.each(Object.keys(users))('computes what we compute: %s', async (name) => {
      const { name: username, password, privilege } = users[name] as SimUser;
      const level = privilege === 'operator' ? ['-L', 'OPERATOR'] : [];
      const where = ['-H', sim.address, '-p', String(sim.port)];
      const args = [
        '-vvvvv',
        '-I',
        'lanplus',
        '-C',
        '3',
        ...where,
        '-U',
        username,
        '-E',
        ...level,
        'mc',
        'info',
      ];
      const trace = parseIpmitoolTrace(await run('ipmitool', args, password));
      expect(trace.session.length).toBeGreaterThanOrEqual(4);
      expect(ours(trace, username, password)).toEqual(theirs(trace));

      if (process.env['UPDATE_FIXTURES'] === '1') {
        const provenance = {
          console: (await run('ipmitool', ['-V'], '')).trim(),
          bmc: 'ipmi_sim of OpenIPMI 2.0.33 (Debian package openipmi)',
          command: `ipmitool ${args.join(' ')}`.replace(where.join(' '), '-H <sim> -p <port>'),
        };
        const file = join(import.meta.dirname, `../fixtures/ipmi/ipmitool-${name}.json`);
        writeFileSync(file, `${JSON.stringify({ provenance, username, password, ...trace }, null, 2)}\n`);
        throw new Error(`${file} was written anew; look at it and run without UPDATE_FIXTURES`);
      }
    });
  },
);

function theirs({ rakp2AuthCode, rakp3AuthCode, rakp4Icv, sik, k1, k2 }: IpmitoolTrace) {
  return { rakp2AuthCode, rakp3AuthCode, rakp4Icv, sik, k1, k2 };
}

function ours(trace: IpmitoolTrace, username: string, password: string) {
  const facts = {
    ...trace,
    consoleRandom: fromHex(trace.consoleRandom),
    bmcRandom: fromHex(trace.bmcRandom),
    bmcGuid: fromHex(trace.bmcGuid),
    username: new TextEncoder().encode(username),
    password: new TextEncoder().encode(password),
  };
  const { sik, k1, k2 } = deriveKeys(suite3, facts);
  return {
    rakp2AuthCode: toHex(rakp2AuthCode(suite3, facts)),
    rakp3AuthCode: toHex(rakp3AuthCode(suite3, facts)),
    rakp4Icv: toHex(rakp4Icv(suite3, sik, facts)),
    sik: toHex(sik),
    k1: toHex(k1),
    k2: toHex(k2),
  };
}
