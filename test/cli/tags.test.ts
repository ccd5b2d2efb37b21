import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { existing, seedRows } from '../support/api-rows.ts';
import type { Cli } from './cli-world.ts';
import { openCli } from './cli-world.ts';

let cli: Cli;
beforeAll(async () => {
  cli = await openCli();
  await cli.logIn();
});
afterAll(() => cli.close());
beforeEach(() => seedRows(cli.world));

const tag = (...words: readonly string[]) => cli.rackwright(['tag', ...words]);
const tags = async (...options: readonly string[]): Promise<readonly string[]> =>
  (await cli.json<{ inventories: { tag: string }[] }>('tag', 'list', 'c', ...options)).inventories.map(
    (row) => row.tag,
  );

it('adds, lists and removes system tags, in any case', async () => {
  const mac = 'bootMac::52:54:00:AA:00:01';
  expect(await tag('add', 'c', mac)).toEqual({ status: 0, out: `c: added ${mac}\n`, err: '' });
  expect(await tags()).toEqual([mac.replace('AA', 'aa')]);
  expect(await tags('--user')).toEqual([]);
  expect((await tag('list', existing.chassis)).out).toMatch(
    /^TAG +UUID +CREATEDATE\nbootMac::52:54:00:aa:00:01 /,
  );
  expect((await tag('remove', 'c', mac)).out).toBe(`c: removed ${mac.replace('AA', 'aa')}\n`);
  expect(await tags()).toEqual([]);
});

it('keeps tags of your own apart, as they were written', async () => {
  expect((await tag('add', 'c', 'Row A', '--user')).status).toBe(0);
  expect(await tags('--user')).toEqual(['Row A']);
  expect(await tags()).toEqual([]);
  const other = await tag('remove', 'c', 'row a', '--user');
  expect([other.status, other.err]).toEqual([1, expect.stringContaining('no user tag row a; it has Row A')]);
  expect((await tag('remove', 'c', 'Row A')).err).toContain('no system tag Row A; it has none');
  expect((await tag('remove', 'c', 'Row A', '--user')).status).toBe(0);
  expect(await tags('--user')).toEqual([]);
});

it('shows why a tag is refused', async () => {
  const unknown = await tag('add', 'c', 'colour::red');
  expect([unknown.status, unknown.err]).toEqual([1, expect.stringContaining('bootMode::legacy|uefi')]);
  expect((await tag('add', 'c')).err).toContain('the tag is missing');
  expect((await tag('add', 'c', 'a', 'b')).status).toBe(2);
  expect((await tag('add', 'nobody', 'a')).status).toBe(1);
});
