import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Cli } from './cli-world.ts';
import { openCli } from './cli-world.ts';

let cli: Cli;
beforeAll(async () => {
  cli = await openCli();
  await cli.logIn();
});
afterAll(() => cli.close());

const words = (line: string) => cli.rackwright(line.split(' '));

it('makes, lists, disables, enables and deletes zones and clusters', async () => {
  const zone = await words('zone create hall --description cold');
  expect([zone.status, zone.out]).toEqual([0, expect.stringMatching(/^name: +hall$/m)]);
  expect((await words('cluster create rack-1 --zone hall')).status).toBe(0);
  const zoneUuid = /^uuid: +(\S+)$/m.exec(zone.out)?.[1] ?? 'none';
  expect((await words('cluster list')).out).toMatch(
    new RegExp(`^rack-1 +[0-9a-f]{32} +Enabled +${zoneUuid} +-$`, 'm'),
  );
  for (const [noun, name] of [
    ['cluster', 'rack-1'],
    ['zone', 'hall'],
  ]) {
    expect((await words(`${noun} disable ${name}`)).out).toBe(`${name}: disabled\n`);
    expect((await words(`${noun} list`)).out).toMatch(new RegExp(`^${name} +\\S+ +Disabled `, 'm'));
    expect((await words(`${noun} enable ${name}`)).out).toBe(`${name}: enabled\n`);
    expect((await words(`${noun} list`)).out).toMatch(new RegExp(`^${name} +\\S+ +Enabled `, 'm'));
  }
  expect((await words('zone delete hall')).out).toBe('hall: deleted\n');
  expect((await cli.json<{ inventories: unknown[] }>('cluster', 'list')).inventories).toEqual([]);
});

it('puts a new chassis into a cluster, and asks for no password when there is no such cluster', async () => {
  await words('zone create hall');
  const { inventory } = await cli.json<{ inventory: { uuid: string } }>(
    'cluster',
    'create',
    'r',
    '--zone',
    'hall',
  );
  const create = 'chassis create --name box --ipmi-address 192.0.2.1 --ipmi-user root --cluster'.split(' ');
  const unread = await cli.rackwright([...create, 'nowhere'], 'canary\n');
  expect([unread.status, unread.err]).toEqual([1, expect.stringContaining('no cluster')]);
  const made = await cli.rackwright([...create, 'r'], 'canary\n');
  expect([made.status, made.out]).toEqual([0, expect.stringContaining(inventory.uuid)]);
  expect((await words('cluster delete r')).status).toBe(0);
});

it('is strict about its words', async () => {
  expect((await words('cluster create x')).err).toContain('option --zone is missing');
  expect((await words('cluster create x --zone nowhere')).err).toContain('there is no zone');
  expect((await words('zone create')).err).toContain('the name of the zone is missing');
  expect((await words('zone delete a b')).status).toBe(2);
  expect((await words('zone explode a')).err).toContain('no such command: zone explode');
});
