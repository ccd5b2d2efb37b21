import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { run } from '../../src/cli/run.ts';
import type { Cli } from './cli-world.ts';
import { openCli, Sink } from './cli-world.ts';

let cli: Cli;
beforeAll(async () => {
  cli = await openCli();
});
afterAll(() => cli.close());
beforeEach(async () => {
  await cli.logIn();
});

const words = (line: string, stdin = '') => cli.rackwright(line.split(' '), stdin);
const logInAs = (line: string, password: string) =>
  cli.rackwright(['login', ...line.split(' ')], '', { RACKWRIGHT_PASSWORD: password });

it('makes an account with the password of standard input, changes it and deletes it', async () => {
  const made = await words('account create ops --type Normal', 'canary-one\n');
  expect([made.status, made.out]).toEqual([0, expect.stringMatching(/^type: +Normal$/m)]);
  expect(made.out).not.toContain('canary');
  expect((await logInAs('--account ops', 'canary-one')).status).toBe(0);
  // Logged in as ops: no name means its own.
  expect((await words('account password', 'canary-two\n')).out).toContain('password changed');
  expect((await logInAs('--account ops', 'canary-one')).status).toBe(1);
  expect((await logInAs('--account ops', 'canary-two')).status).toBe(0);
  await cli.logIn();
  expect((await words('account password ops', 'canary-three\n')).status).toBe(0);
  expect((await logInAs('--account ops', 'canary-three')).status).toBe(0);
  await cli.logIn();
  expect((await words('account list')).out).toMatch(/^ops +[0-9a-f]{32} +Normal +-$/m);
  expect((await words('account delete ops')).out).toBe('ops: deleted\n');
  expect((await words('account list')).out).not.toContain('ops');
  expect(cli.world.store.writtenText()).not.toContain('canary-');
});

it('makes a user who logs in and changes its own password', async () => {
  expect((await words('user create bob', 'canary-bob\n')).status).toBe(0);
  expect((await words('user list')).out).toMatch(/^bob +[0-9a-f]{32} +Normal /m);
  expect((await logInAs('--account admin --user bob', 'canary-bob')).status).toBe(0);
  expect((await words('user password', 'canary-new\n')).status).toBe(0);
  expect((await logInAs('--account admin --user bob', 'canary-new')).status).toBe(0);
  await cli.logIn();
  expect((await words('user password bob', 'canary-newer\n')).status).toBe(0);
  expect((await logInAs('--account admin --user bob', 'canary-newer')).status).toBe(0);
  await cli.logIn();
  expect((await words('user delete bob')).out).toBe('bob: deleted\n');
  expect((await logInAs('--account admin --user bob', 'canary-newer')).status).toBe(1);
  await cli.logIn();
  // The account's own session has no user that could be meant.
  expect((await words('user password', 'x\n')).err).toContain("user's uuid");
});

it('makes an Auditor, who may only read', async () => {
  expect((await words('user create eve --kind Auditor', 'canary-eve\n')).status).toBe(0);
  expect((await logInAs('--account admin --user eve', 'canary-eve')).status).toBe(0);
  expect((await words('chassis list')).status).toBe(0);
  expect((await words('zone create hall')).status).toBe(1);
});

it('asks twice on a terminal, and takes neither different nor empty passwords', async () => {
  const create = async (...typed: readonly string[]) => {
    const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => true });
    const [stdout, stderr] = [new Sink(), new Sink()];
    const env = { HOME: cli.home, RACKWRIGHT_URL: cli.world.api.url };
    const ended = run(['account', 'create', 'typed'], { env, stdin, stdout, stderr });
    const prompts = ['New password of typed: ', 'The same again: '];
    for (const [at, text] of typed.entries()) {
      await expect.poll(() => stderr.text).toContain(prompts[at]);
      stdin.write(`${text}\r`);
    }
    return { status: await ended, err: stderr.text };
  };
  expect(await create('canary-1', 'canary-2')).toEqual({ status: 2, err: expect.stringContaining('differ') });
  expect(await create('')).toEqual({ status: 2, err: expect.stringContaining('cannot be empty') });
  const good = await create('canary-1', 'canary-1');
  expect([good.status, good.err]).toEqual([0, 'New password of typed: \nThe same again: \n']);
  expect((await logInAs('--account typed', 'canary-1')).status).toBe(0);
});

it('has no option for a password, and shows why a call is refused', async () => {
  for (const noun of ['account', 'user']) {
    const answer = await words(`${noun} create x --password canary`);
    expect([answer.status, answer.err]).toEqual([2, expect.stringContaining('--password')]);
    expect((await words(`${noun} create x`)).err).toContain('nothing was given on standard input');
  }
  expect((await words('account create admin', 'p\n')).err).toContain('another account already has this name');
  expect((await words('account delete admin')).err).toContain('cannot be deleted');
  expect((await words('account create x --type King', 'p\n')).err).toContain('SystemAdmin, Normal');
});
