import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import type { NewNotification } from '../../src/platform/index.ts';
import type { Cli } from './cli-world.ts';
import { openCli } from './cli-world.ts';

interface Row {
  readonly uuid: string;
  readonly content: string;
  readonly status: string;
}

let cli: Cli;
beforeAll(async () => {
  cli = await openCli();
  await cli.logIn();
});
afterAll(() => cli.close());

const rows = async (...options: readonly string[]): Promise<readonly Row[]> =>
  (await cli.json<{ inventories: Row[] }>('notifications', ...options)).inventories;
const told = (number: number): NewNotification => ({
  name: 'boot-failed',
  content: `machine ${number} \u001b[31mis silent`,
  type: 'Error',
  sender: 'provision',
  resourceType: 'BaremetalChassisVO',
  resourceUuid: String(number).repeat(32),
});

/** Empties the list and tells three. */
async function three(): Promise<void> {
  await cli.rackwright(['notifications', 'delete', '--all']);
  for (const number of [1, 2, 3]) cli.world.platform.notifications.notify(told(number));
  await vi.waitUntil(async () => (await rows()).length === 3);
}
beforeEach(three);

it('lists the unread ones, and with --all the read ones too', async () => {
  const { out, err } = await cli.rackwright(['notifications']);
  expect(err).toBe('');
  expect(out.split('\n')[0]).toMatch(/^UUID +LASTSEEN +TYPE +NAME +TIMES +STATUS +CONTENT$/);
  expect(out).toMatch(
    / \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ +Error +boot-failed +1 +Unread +machine 2 \?\[31mis silent$/m,
  );
  const [first] = await rows();
  expect((await cli.rackwright(['notifications', 'read', first?.uuid ?? ''])).out).toBe('1 marked as read\n');
  expect((await rows()).map(({ uuid }) => uuid)).not.toContain(first?.uuid);
  expect((await rows('--all')).find(({ uuid }) => uuid === first?.uuid)?.status).toBe('Read');
});

it('marks all as read, or deletes some or all', async () => {
  const [first, second] = await rows();
  const two = [first?.uuid ?? '', (second?.uuid ?? '').toUpperCase()];
  expect((await cli.rackwright(['notifications', 'delete', ...two])).out).toBe('2 deleted\n');
  expect(await rows('--all')).toHaveLength(1);
  expect((await cli.rackwright(['notifications', 'read', '--all'])).out).toBe('1 marked as read\n');
  expect(await rows()).toEqual([]);
  expect((await cli.rackwright(['notifications', 'read', '--all'])).out).toBe('there are none\n');
  expect((await cli.rackwright(['notifications', 'delete', '--all'])).out).toBe('1 deleted\n');
  expect(await rows('--all')).toEqual([]);
});

it('is strict about what is meant', async () => {
  const wrong = [
    ['notifications', 'reed'],
    ['notifications', 'delete'],
    ['notifications', 'delete', 'nonsense'],
    ['notifications', 'delete', '--all', 'f'.repeat(32)],
  ];
  for (const argv of wrong) expect([argv, (await cli.rackwright(argv)).status]).toEqual([argv, 2]);
  expect(await rows()).toHaveLength(3);
});
