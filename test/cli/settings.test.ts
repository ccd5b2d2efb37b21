import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Cli } from './cli-world.ts';
import { openCli } from './cli-world.ts';

let cli: Cli;
beforeAll(async () => {
  cli = await openCli();
  await cli.logIn();
});
afterAll(() => cli.close());

const settings = (...words: readonly string[]) => cli.rackwright(['settings', ...words]);

it('lists all, or those of a name', async () => {
  const all = await settings();
  expect(all.out.split('\n')[0]).toMatch(/^SETTING +VALUE +DEFAULT +DESCRIPTION$/);
  expect(all.out).toMatch(/^baremetal\/reboot\.timeout +300 +300 +Longest wait/m);
  expect(all.out).toContain('identity/session.timeout');
  for (const name of [
    'baremetal',
    'reboot.timeout',
    'baremetal/reboot.timeout',
    'baremetal.reboot.timeout',
  ]) {
    const some = await settings(name);
    expect(some.out).toContain('baremetal/reboot.timeout');
    expect(some.out).not.toContain('identity');
  }
  expect(await settings('nonsense')).toMatchObject({
    status: 1,
    err: expect.stringContaining('no setting nonsense'),
  });
});

it('sets one at once and resets it', async () => {
  expect((await settings('set', 'baremetal/reboot.timeout', '400')).out).toBe(
    'baremetal/reboot.timeout: 400\n',
  );
  expect(cli.world.platform.settings.get('baremetal.reboot.timeout')).toBe(400);
  expect((await settings('set', 'baremetal.reboot.timeout', '500')).status).toBe(0);
  expect((await settings('baremetal/reboot.timeout')).out).toMatch(/ 500 +300 /);
  expect((await settings('reset', 'baremetal/reboot.timeout')).out).toBe('baremetal/reboot.timeout: 300\n');
  expect(cli.world.platform.settings.get('baremetal.reboot.timeout')).toBe(300);
});

it('refuses values out of bounds, unknown settings and half a command', async () => {
  const low = await settings('set', 'baremetal/reboot.timeout', '1');
  expect([low.status, low.err]).toEqual([1, expect.stringContaining('from 60 to 86400')]);
  expect((await settings('set', 'baremetal/nothing', '1')).err).toContain('`rackwright settings` lists them');
  expect((await settings('set', 'baremetal/reboot.timeout')).status).toBe(2);
  expect((await settings('set', 'baremetal/reboot.timeout', '60', '70')).status).toBe(2);
  expect((await settings('reset')).status).toBe(2);
});
