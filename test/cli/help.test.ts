import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commands } from '../../src/cli/commands/index.ts';
import type { Cli } from './cli-world.ts';
import { openCli } from './cli-world.ts';

let cli: Cli;
beforeAll(async () => {
  cli = await openCli();
});
afterAll(() => cli.close());
const rackwright = (argv: readonly string[]) => cli.rackwright(argv);

describe('help', () => {
  it('is short: a line for each group with its verbs, on one screen', async () => {
    const all = await rackwright(['--help']);
    expect(all.out).toMatch(/^ {2}chassis +machines: list, show, create, provision, delete, power, import$/m);
    expect(all.out).toMatch(/^ {2}settings .*: set, reset$/m);
    expect(all.out).not.toContain('--ipmi-address');
    expect(all.out.split('\n').length).toBeLessThan(34);
    expect(all.out.split('\n').filter((line) => line.length > 110)).toEqual([]);
    expect((await rackwright([])).out).toBe(all.out);
  });

  it('has a line for every command there is', async () => {
    const lines = (await rackwright(['--help'])).out.split('\n').filter((line) => line.startsWith('  '));
    const groups = lines.map((line) => line.trim().split(' ')[0] ?? '').filter((group) => group !== 'serve');
    for (const group of groups) {
      const help = await rackwright([group, '--help']);
      expect([group, help.status, help.out]).toEqual([group, 0, expect.stringContaining(`  ${group}`)]);
      expect(await rackwright(['help', group])).toEqual(help);
    }
    expect(
      commands.map(({ name }) => name.split(' ')[0]).filter((name) => !groups.includes(name ?? '')),
    ).toEqual([]);
  });

  it('knows groups and single commands', async () => {
    const group = await rackwright(['chassis']);
    expect([group.status, group.out]).toEqual([2, expect.stringContaining('chassis provision')]);
    expect(group.out).not.toContain('pxe');
    // A command that is also a group.
    expect((await rackwright(['notifications', '--help'])).out).toContain('notifications delete UUID');
    const one = await rackwright(['chassis', 'power', '--help']);
    expect([one.status, one.out]).toEqual([0, expect.stringContaining('on|off|reset|status')]);
    expect((await rackwright(['explode'])).status).toBe(2);
  });
});
