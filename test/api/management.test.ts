import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openManagementNode } from '../../src/api/management-node.ts';
import type { ManagementNodeStore } from '../../src/api/ports.ts';
import type { ApiWorld } from '../support/api-world.ts';
import { callApi, openApi } from '../support/api-world.ts';
import { keepingLog } from '../support/keeping-log.ts';
import { random, uuid } from '../support/records.ts';

describe('over HTTP', () => {
  let world: ApiWorld;
  beforeEach(async () => {
    world = await openApi();
  });
  afterEach(() => world.close());

  const act = (payload: object) =>
    world.api.inject({ method: 'PUT', url: '/zstack/v1/management-nodes/actions', payload });

  it('tells versions and time at once and without a session', async () => {
    const version = await act({ getVersion: {}, systemTags: [], userTags: [] });
    expect([version.statusCode, version.json()]).toEqual([
      200,
      { version: '2.1.0', rackwrightVersion: expect.stringMatching(/^\d+\.\d+\.\d+/), success: true },
    ]);
    const before = Date.now();
    const time = (await act({ getCurrentTime: {} })).json<{
      currentTime: { MillionSeconds: number; Seconds: number };
    }>();
    const { MillionSeconds, Seconds } = time.currentTime;
    expect(time).toEqual({ currentTime: { MillionSeconds, Seconds }, success: true });
    expect(MillionSeconds).toBeGreaterThanOrEqual(before);
    expect(Seconds).toBe(Math.floor(MillionSeconds / 1000));
    expect((await act({ getLicense: {} })).statusCode).toBe(400);
  });

  it.each(['', '?', `?managementNodeId=${uuid()}`])('is ready: %j', async (query) => {
    const ready = await world.api.inject({ url: `/v1/management-nodes/ready${query}` });
    expect([ready.statusCode, ready.json()]).toEqual([200, {}]);
  });

  it('lists the one node, with a heart beat of now', async () => {
    const node = {
      uuid: expect.stringMatching(/^[0-9a-f]{32}$/),
      hostName: expect.any(String),
      joinDate: expect.any(String),
      heartBeat: expect.any(String),
    };
    const list = await callApi(world, 'GET', '/management-nodes');
    expect(list.json()).toEqual({ inventories: [expect.objectContaining(node)] });
    const [{ uuid: nodeUuid } = { uuid: '' }] = list.json<{ inventories: { uuid: string }[] }>().inventories;
    const one = await callApi(world, 'GET', `/management-nodes/${nodeUuid}`);
    expect(one.json()).toMatchObject({ inventory: node, inventories: [node] });
    expect((await callApi(world, 'GET', `/management-nodes/${uuid()}`)).json()).toEqual({ inventories: [] });
  });
});

it('beats each minute until it is closed, and survives a store that fails', async () => {
  let now = 1000;
  let due: (() => void) | undefined;
  const clock = {
    now: () => now,
    after: (_ms: number, run: () => void) => {
      due = run;
      return () => {
        due = undefined;
      };
    },
  };
  const beats: number[] = [];
  let broken = false;
  const store: ManagementNodeStore = {
    join: async (given) => given.uuid,
    async heartBeat(_uuid, at) {
      if (broken) throw new Error('disk full');
      beats.push(at);
    },
  };
  const log = keepingLog();
  const node = await openManagementNode({
    store,
    clock,
    random,
    log,
    hostName: 'h',
    rackwrightVersion: '1.2.3',
  });
  for (const at of [61_000, 121_000]) {
    now = at;
    due?.();
  }
  await node.beat();
  expect([node.rackwrightVersion, node.now(), beats]).toEqual(['1.2.3', 121_000, [61_000, 121_000, 121_000]]);
  broken = true;
  await node.beat();
  expect(log.lines).toEqual([expect.stringContaining('disk full')]);
  node.close();
  expect(due).toBeUndefined();
});
