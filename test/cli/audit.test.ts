import { afterAll, beforeAll, expect, it } from 'vitest';
import { existing, seedRows } from '../support/api-rows.ts';
import type { Cli } from './cli-world.ts';
import { openCli } from './cli-world.ts';

let cli: Cli;
beforeAll(async () => {
  cli = await openCli();
  await cli.logIn();
  await seedRows(cli.world);
  for (const verb of ['on', 'off', 'reset']) await cli.rackwright(['chassis', 'power', verb, 'c']);
  await cli.rackwright(['zone', 'create', 'hall']);
});
afterAll(() => cli.close());

const apis = async (...options: readonly string[]): Promise<readonly string[]> =>
  (await cli.json<{ inventories: { api: string }[] }>('audit', ...options)).inventories.map(({ api }) => api);

it('shows the newest last, with who and from where', async () => {
  const { out } = await cli.rackwright(['audit']);
  expect(out.split('\n')[0]).toMatch(/^DATE +WHO +FROM +API +RESOURCE +OUTCOME +ERROR$/);
  expect(out).toMatch(
    new RegExp(` admin +127\\.0\\.0\\.1 +PowerOnBaremetalHost +${existing.chassis} +Succeeded +-$`, 'm'),
  );
  const power = ['PowerOnBaremetalHost', 'PowerOffBaremetalHost', 'PowerResetBaremetalHost'];
  expect((await apis()).slice(-4)).toEqual([...power, 'CreateZone']);
  expect(await apis('--limit', '2')).toEqual([power[2], 'CreateZone']);
});

it('narrows by chassis, call and time', async () => {
  expect(await apis('--chassis', 'c', '--api', 'PowerOffBaremetalHost')).toEqual(['PowerOffBaremetalHost']);
  expect(await apis('--chassis', 'c', '--api', 'Power%')).toHaveLength(3);
  expect(await apis('--api', 'CreateZone', '--since', '1h')).toEqual(['CreateZone']);
  const tomorrow = new Date(Date.now() + 86_400_000).toISOString();
  expect(await apis('--since', tomorrow)).toEqual([]);
});

it('still finds what was done to a chassis that is gone, by its uuid', async () => {
  await cli.rackwright(['chassis', 'delete', 'c']);
  expect((await cli.rackwright(['audit', '--chassis', 'c'])).status).toBe(1);
  expect((await apis('--chassis', existing.chassis.toUpperCase())).at(-1)).toBe('DeleteBaremetalChassis');
});

it('refuses times and counts that it cannot read', async () => {
  const time = await cli.rackwright(['audit', '--since', 'yesterday']);
  expect([time.status, time.err]).toEqual([2, expect.stringContaining('90m, 2h, 7d')]);
  for (const limit of ['0', '-1', 'many']) {
    expect((await cli.rackwright(['audit', `--limit=${limit}`])).status).toBe(2);
  }
});
