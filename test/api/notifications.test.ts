import { afterEach, beforeEach, expect, it } from 'vitest';
import type { NewNotification } from '../../src/platform/index.ts';
import { type ApiWorld, callApi, openApi } from '../support/api-world.ts';
import { uuid } from '../support/records.ts';

let world: ApiWorld;
beforeEach(async () => {
  world = await openApi();
});
afterEach(async () => {
  await world.close();
});

interface Row {
  readonly uuid: string;
  readonly name: string;
  readonly status: string;
  readonly occurrences: number;
}
const told = (change: Partial<NewNotification> = {}): NewNotification => ({
  name: 'boot-failed',
  content: 'no DHCP request came; check the cable',
  type: 'Error',
  sender: 'provision',
  resourceType: 'BaremetalChassisVO',
  resourceUuid: 'c'.repeat(32),
  ...change,
});
async function listed(query = ''): Promise<readonly Row[]> {
  const answer = await callApi(world, 'GET', `/notifications${query}`);
  expect(answer.statusCode).toBe(200);
  return answer.json<{ inventories: Row[] }>().inventories;
}
/** Tells some, one after the other, until they are in the table. */
async function tell(...all: readonly NewNotification[]): Promise<void> {
  for (const one of all) world.platform.notifications.notify(one);
  await expect.poll(async () => (await listed()).length).toBe(all.length);
}

it('lists, filters and reads what was told', async () => {
  await tell(told(), told({ name: 'dhcp-pool-full', type: 'Warning', opaque: { free: 0 } }));
  const [row] = await listed('?q=name=dhcp-pool-full&q=status=Unread');
  expect(row).toMatchObject({
    name: 'dhcp-pool-full',
    content: 'no DHCP request came; check the cable',
    type: 'Warning',
    status: 'Unread',
    sender: 'provision',
    resourceType: 'BaremetalChassisVO',
    resourceUuid: 'c'.repeat(32),
    createDate: expect.stringMatching(/^[A-Z][a-z]{2} \d/) as string,
  });
  const one = await callApi(world, 'GET', `/notifications/${row?.uuid}`);
  expect(one.json()).toEqual({ inventories: [row], inventory: row });
  expect((await callApi(world, 'GET', `/notifications/${uuid()}`)).json()).toEqual({ inventories: [] });
});

it('marks them as read and unread, whatever the case of the word', async () => {
  await tell(told(), told({ name: 'power-changed' }));
  const [a, b] = await listed();
  const mark = (uuids: unknown, status: string) =>
    callApi(world, 'PUT', '/notifications/actions', { updateNotificationsStatus: { uuids, status } });
  const answer = await mark([a?.uuid, uuid()], 'read');
  expect([answer.statusCode, answer.json()]).toEqual([200, {}]);
  expect((await listed('?q=status=Read')).map((row) => row.uuid)).toEqual([a?.uuid]);
  await mark([a?.uuid, b?.uuid], 'Unread');
  expect(await listed('?q=status=Unread')).toHaveLength(2);
});

it.each([
  ['body', (uuids: readonly string[]) => ['', { uuids }] as const],
  ['body, inside params', (uuids: readonly string[]) => ['', { params: { uuids } }] as const],
  ['query, repeated', (uuids: readonly string[]) => [`?uuids=${uuids.join('&uuids=')}`, undefined] as const],
  ['query, by commas', (uuids: readonly string[]) => [`?uuids=${uuids.join(',')}`, undefined] as const],
])('deletes them by uuids in the %s', async (_where, place) => {
  await tell(told(), told({ name: 'power-changed' }), told({ name: 'rogue-dhcp' }));
  const gone = (await listed()).filter(({ name }) => name !== 'rogue-dhcp').map((row) => row.uuid);
  const [query, body] = place([...gone, uuid()]);
  const answer = await callApi(world, 'DELETE', `/notifications${query}`, body);
  expect([answer.statusCode, answer.json()]).toEqual([200, {}]);
  expect((await listed()).map(({ name }) => name)).toEqual(['rogue-dhcp']);
});

it.each([
  ['PUT', '/notifications/actions', { updateNotificationsStatus: { uuids: [] } }, 'status is mandatory'],
  ['PUT', '/notifications/actions', { updateNotificationsStatus: { status: 'Read' } }, 'uuids is mandatory'],
  [
    'PUT',
    '/notifications/actions',
    { updateNotificationsStatus: { uuids: [], status: 'Gone' } },
    'status must be one of Unread, Read',
  ],
  ['DELETE', '/notifications', {}, 'uuids is mandatory'],
] as const)('refuses %s %s %j', async (method, path, body, words) => {
  const answer = await callApi(world, method, path, body);
  expect(answer.statusCode).toBe(503);
  expect(answer.json()).toMatchObject({
    error: { code: 'SYS.1007', details: expect.stringContaining(words) as string },
  });
});
