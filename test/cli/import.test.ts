import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { ProvisionError } from '../../src/provision/index.ts';
import { seedRows } from '../support/api-rows.ts';
import type { Cli } from './cli-world.ts';
import { openCli } from './cli-world.ts';

let cli: Cli;
beforeAll(async () => {
  cli = await openCli();
  await cli.logIn();
});
afterAll(() => cli.close());
beforeEach(async () => {
  cli.world.domain.fail = undefined;
  cli.world.domain.calls.length = 0;
  await seedRows(cli.world);
});

const canary = 'canary-4c1d';
const header = 'name,ipmiAddress,ipmiUsername,ipmiPassword';
const lineOf = (number: number): string => `node ${number},192.0.2.${number},ADMIN,${canary}-${number}`;
const fileOf = (...lines: readonly string[]): string => [header, ...lines, ''].join('\n');
const imported = (content: string | Uint8Array, ...options: readonly string[]) =>
  cli.rackwright(['chassis', 'import', '-', ...options], content);
const names = async (): Promise<readonly string[]> =>
  (await cli.json<{ inventories: { name: string }[] }>('chassis', 'list')).inventories.map(
    ({ name }) => name,
  );

it('creates the machines of a file and shows each line', async () => {
  const file = join(cli.home, 'rack.csv');
  writeFileSync(file, `\ufeff${fileOf(lineOf(1), lineOf(2))}`);
  const answer = await cli.rackwright(['chassis', 'import', file]);
  expect([answer.status, answer.err]).toEqual([0, '']);
  const lines = answer.out.trimEnd().split('\n');
  expect(lines[0]).toMatch(/^LINE +NAME +RESULT +DETAIL$/);
  expect(lines[1]).toMatch(/^2 +node 1 +created +[0-9a-f]{32}$/);
  expect(lines.at(-1)).toBe('2 of 2 lines created');
  expect((await names()).toSorted()).toEqual(['c', 'node 1', 'node 2']);
});

it('shows the lines that failed with their reasons, and fails itself', async () => {
  const twice = fileOf(lineOf(1), lineOf(2));
  expect((await imported(fileOf(lineOf(1)))).status).toBe(0);
  const answer = await imported(twice);
  expect(answer.status).toBe(1);
  expect(answer.out).toMatch(/^2 +node 1 +failed +.*"node 1" already.*\(SYS\.1007\)$/m);
  expect(answer.out).toMatch(/^3 +node 2 +created/m);
  expect(answer.err).toContain('1 of 2 lines failed');
  cli.world.domain.fail = new ProvisionError('power-on-failed', `no answer \u001b[31mfor ${canary}-3`);
  const json = await imported(fileOf(lineOf(3)), '--json');
  expect(json.status).toBe(1);
  const { inventories, failed } = JSON.parse(json.out) as { inventories: unknown[]; failed: number };
  expect([failed, inventories]).toMatchObject([1, [{ line: 2, name: 'node 3', success: false }]]);
  const text = await imported(fileOf(lineOf(3)));
  expect(text.out).toContain('no answer ?[31mfor ******');
  expect(json.out + text.out).not.toContain(canary);
});

it('shows every fault by its line, with and without --check, and creates nothing', async () => {
  const faulty = fileOf(
    lineOf(1),
    `n,here,ADMIN,${canary}`,
    ...Array.from({ length: 24 }, (_, at) => `x${at},1,A,p`),
  );
  for (const options of [[], ['--check']]) {
    const answer = await imported(faulty, ...options);
    expect([answer.status, answer.err]).toEqual([1, expect.stringMatching(/^rackwright: 25 faults$/m)]);
    expect(answer.out).toMatch(/^line 3, ipmiAddress: /m);
    expect(answer.out.trimEnd().split('\n')).toHaveLength(25);
    expect(answer.out + answer.err).not.toContain(canary);
  }
  expect(await names()).toEqual(['c']);
  const json = await imported(faulty, '--check', '--json');
  expect([json.status, JSON.parse(json.out)]).toMatchObject([1, { success: false, faultCount: 25 }]);
});

it('says when a checked file is good, and does nothing then', async () => {
  expect(await imported(fileOf(lineOf(1)), '--check')).toEqual({
    status: 0,
    out: '1 line, no fault\n',
    err: '',
  });
  expect(await names()).toEqual(['c']);
});

it('tells how many faults there are when the server lists only the first', async () => {
  const many = fileOf(...Array.from({ length: 1200 }, (_, at) => `x${at},1,A,p`));
  const answer = await imported(many, '--check');
  expect(answer.err).toContain('1200 faults; above are the first 1000');
});

it('refuses files that the server would not take, before anything is sent', async () => {
  const large = fileOf(...Array.from({ length: 20 }, () => `${'x'.repeat(50_000)},1,A,${canary}`));
  // Fits as a file, but not as JSON, where each quotation mark takes two bytes.
  const quoted = `${header}\n${'"'.repeat(900_000)}`;
  for (const content of [large, quoted]) {
    const answer = await imported(content);
    expect([answer.status, answer.err]).toEqual([1, expect.stringMatching(/900 KiB.*split it/)]);
    expect(answer.err).not.toContain(canary);
  }
  const latin = await imported(Buffer.from(fileOf('n\u00fc,1.2.3.4,A,p'), 'latin1'));
  expect([latin.status, latin.err]).toEqual([1, expect.stringContaining('UTF-8')]);
  expect((await imported(' \n')).err).toContain('standard input is empty');
  const none = await cli.rackwright(['chassis', 'import', join(cli.home, 'none.csv')]);
  expect([none.status, none.err]).toEqual([1, expect.stringContaining('none.csv cannot be read')]);
  expect((await cli.rackwright(['chassis', 'import'])).status).toBe(2);
  expect((await cli.rackwright(['chassis', 'import', 'a.csv', 'b.csv'])).err).toContain('what is b.csv?');
  expect(cli.world.domain.calls).toEqual([]);
});

it('shows on a terminal how far it is, and nothing of it elsewhere', async () => {
  for (const terminal of [{ columns: 60 }, undefined]) {
    cli.world.domain.hold = new Promise((done) => {
      setTimeout(done, 2500);
    });
    const file = fileOf(lineOf(terminal === undefined ? 7 : 8));
    const { status, out, err } = await cli.rackwright(['chassis', 'import', '-'], file, {}, terminal);
    cli.world.domain.hold = undefined;
    expect([status, out]).toEqual([0, expect.stringContaining('1 of 1 line created')]);
    if (terminal === undefined) {
      expect(err).toBe('chassis import ...\n');
    } else {
      expect(err.split('\r\u001b[K')[1]).toMatch(/^chassis import: .*\(0%\) \.\.\. \d s$/);
      expect(err.endsWith('\r\u001b[K')).toBe(true);
    }
  }
});
