import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { Notification } from '../../src/platform/model.ts';
import { notificationNames } from '../../src/platform/model.ts';
import { createNotificationService } from '../../src/platform/notifications.ts';
import type { NewNotification } from '../../src/platform/service.ts';
import { keepingLog } from '../support/keeping-log.ts';
import { random } from '../support/records.ts';

/** A service over a store that keeps what it was given and answers when it is let go. */
function openService() {
  const log = keepingLog();
  const written: { readonly row: Notification; readonly keep: number }[] = [];
  const waiting: (() => void)[] = [];
  const world = { now: 1000, held: false, fault: undefined as Error | undefined };
  const calls: unknown[] = [];
  const service = createNotificationService({
    store: {
      async record(row, keep) {
        if (world.held) await new Promise<void>((resolve) => waiting.push(resolve));
        if (world.fault !== undefined) throw world.fault;
        written.push({ row, keep });
        return true;
      },
      setStatus: async (...call) => void calls.push(call),
      deleteNotifications: async (...call) => void calls.push(call),
    },
    settings: { get: () => 77 as never },
    clock: { now: () => world.now, after: () => () => undefined },
    random,
    log,
  });
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 20; turn += 1) {
      for (const go of waiting.splice(0)) go();
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
    }
  };
  return { service, written, world, log, calls, waiting, settle };
}

const failed = (change: Partial<NewNotification> = {}): NewNotification => ({
  name: 'boot-failed',
  content: 'no DHCP request came; check the cable',
  type: 'Error',
  sender: 'provision',
  resourceType: 'BaremetalChassisVO',
  resourceUuid: 'c'.repeat(32),
  ...change,
});

it('records what a room tells, with its facts', async () => {
  const { service, written, settle } = openService();
  service.notify(failed({ opaque: { stage: 'awaiting-dhcp' } }));
  await settle();
  expect(written).toMatchObject([
    {
      keep: 77,
      row: {
        ...failed(),
        opaque: '{"stage":"awaiting-dhcp"}',
        status: 'Unread',
        occurrences: 1,
        time: 1000,
        createDate: 1000,
        uuid: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
      },
    },
  ]);
});

it('makes two writes of a flood while the disk is busy, the newest text last', async () => {
  const { service, written, world, settle, waiting } = openService();
  world.held = true;
  for (let count = 0; count < 10_000; count += 1) service.notify(failed({ content: `try ${count}` }));
  expect(waiting).toHaveLength(1);
  await settle();
  expect(written.map(({ row }) => [row.content, row.occurrences])).toEqual([
    ['try 0', 1],
    ['try 9999', 9999],
  ]);
  service.notify(failed());
  await settle();
  expect(written).toHaveLength(3);
});

it('bounds what waits for the disk and says once that it dropped some', async () => {
  const { service, written, world, settle, waiting, log } = openService();
  world.held = true;
  for (let count = 0; count < 3000; count += 1) service.notify(failed({ resourceUuid: `${count}` }));
  expect(waiting).toHaveLength(1000);
  expect(log.lines).toHaveLength(1);
  await settle();
  expect(written).toHaveLength(1000);
  service.notify(failed({ resourceUuid: '2999' }));
  await settle();
  expect(written).toHaveLength(1001);
});

it('never throws: a disk that refuses is told once a minute, and the next ones go on', async () => {
  const { service, written, world, settle, log } = openService();
  world.fault = new Error('free space is used up');
  for (let count = 0; count < 5; count += 1) {
    service.notify(failed());
    await settle();
  }
  expect(log.lines).toHaveLength(1);
  expect(log.lines[0]).toContain('free space is used up');
  world.now += 60_000;
  service.notify(failed());
  await settle();
  expect(log.lines).toHaveLength(2);
  world.fault = undefined;
  service.notify(failed());
  await settle();
  expect(written).toHaveLength(1);
});

it('never throws over facts that are no JSON, and cuts texts that are too long', async () => {
  const { service, written, settle, log } = openService();
  const circle: Record<string, unknown> = {};
  circle['self'] = circle;
  expect(() => service.notify(failed({ opaque: circle }))).not.toThrow();
  service.notify(failed({ content: 'x'.repeat(100_000), name: 'power-changed' }));
  await settle();
  expect(log.lines).toHaveLength(1);
  expect(written.map(({ row }) => row.content.length)).toEqual([2048]);
});

it('marks and deletes by uuid in any spelling, each once', async () => {
  const { service, calls } = openService();
  const spelled = 'ABCDEF01-2345-6789-abcd-ef0123456789';
  const plain = 'abcdef0123456789abcdef0123456789';
  await service.setStatus([spelled, plain], 'Read');
  await service.deleteNotifications([plain, 'nonsense']);
  expect(calls).toEqual([[[plain], 'Read', 1000], [[plain, 'nonsense']]]);
});

it('has a chapter in the documentation for every kind, and none besides', () => {
  const text = readFileSync(new URL('../../docs/notifications.md', import.meta.url), 'utf8');
  const chapters = [...text.matchAll(/^## `([a-z-]+)`$/gm)].map((match) => match[1]);
  expect(new Set(chapters)).toEqual(new Set(notificationNames));
  expect(chapters).toHaveLength(notificationNames.length);
});
