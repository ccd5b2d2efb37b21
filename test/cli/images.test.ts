import { afterAll, beforeAll, expect, it } from 'vitest';
import { commands } from '../../src/cli/commands/index.ts';
import type { Cli } from './cli-world.ts';
import { openCli } from './cli-world.ts';

let cli: Cli;
beforeAll(async () => {
  cli = await openCli();
  await cli.logIn();
});
afterAll(() => cli.close());

const words = (line: string) => cli.rackwright(line.split(' '));
/** The parameters that the newest call came with. */
const added = (): unknown => cli.world.domain.calls.findLast(([name]) => name === 'addImage')?.[1];

it('adds, lists and deletes images', async () => {
  const url = 'http://192.0.2.9/tree';
  const made = await words(
    `image add --name mirror --from ${url} --kernel k --initrd i --argument a --argument b`,
  );
  expect([made.status, made.err]).toEqual([0, '']);
  expect(added()).toMatchObject({
    name: 'mirror',
    url,
    kernel: 'k',
    initrd: 'i',
    kernelArguments: ['a', 'b'],
  });
  expect((await words('image list')).out).toMatch(/^mirror +[0-9a-f]{32} +redirect +Ready .*192\.0\.2\.9/m);
  expect((await words('image list mirror')).err).toContain('what is mirror?');
  expect((await words('image delete mirror')).out).toBe('mirror: deleted\n');
  expect((await cli.json<{ inventories: unknown[] }>('image', 'list')).inventories).toEqual([]);
});

it('takes a URL that is a secret from standard input or the environment', async () => {
  const url = 'https://mirror.test/disc.iso?signature=Canary';
  const read = await cli.rackwright('image add --name disc --from -'.split(' '), `${url}\n`);
  expect([read.status, added()]).toMatchObject([0, { name: 'disc', url }]);
  const env = { RACKWRIGHT_IMAGE_URL: `${url}2` };
  const found = await cli.rackwright('image add --name disc2 --from -'.split(' '), '', env);
  expect([found.status, added()]).toMatchObject([0, { name: 'disc2', url: `${url}2` }]);
  expect((await words('image add --name disc3')).err).toContain('option --from is missing');
});

it('has no option of a command that hides one of all commands', () => {
  const common = ['json', 'url', 'help'];
  const hiding = commands.filter(({ options }) => common.some((name) => options?.[name] !== undefined));
  expect(hiding.map(({ name }) => name)).toEqual([]);
});
