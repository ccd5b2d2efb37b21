import { expect, it } from 'vitest';
import type { Ipv4 } from '../../../src/base/ipv4.ts';
import { silentLog } from '../../../src/base/log.ts';
import type { InterfaceState } from '../../../src/net/interface-state.ts';
import type { SegmentSettings } from '../../../src/pxe/segment.ts';
import { type KeptSegment, keepSegment } from '../../../src/pxe/watch/segment-keeper.ts';
import { virtualTime } from '../../support/virtual-net.ts';

const settings: SegmentSettings = {
  rangeBegin: '192.0.2.100' as Ipv4,
  rangeEnd: '192.0.2.199' as Ipv4,
};
const rack0 = (change: Partial<InterfaceState> = {}): InterfaceState => ({
  index: 3,
  mac: undefined,
  ipv4: { address: '192.0.2.1' as Ipv4, netmask: '255.255.255.0' as Ipv4 },
  ...change,
});

/** A keeper over services of the test's making; `told` has what happened in order. */
function rig(state: InterfaceState | undefined) {
  const time = virtualTime();
  const here = {
    time,
    state,
    told: [] as string[],
    moving: {} as Partial<SegmentSettings>,
    failure: undefined as Error | undefined,
    keep: (patient = false): Promise<KeptSegment> =>
      keepSegment(
        { device: 'rack0', settings, patient },
        {
          async start({ address }, now) {
            if (here.failure) throw here.failure;
            here.told.push(`start ${address} ${now.mode ?? 'serve'}`);
            return {
              bootUrl: `http://${address}:8081`,
              update: (next) => void here.told.push(`update ${JSON.stringify(next)}`),
              otherServers: async () => [],
              close: async () => void here.told.push('close'),
            };
          },
          look: () => here.state,
          moving: () => here.moving,
          changed: (problem) => void here.told.push(problem ?? 'well'),
          clock: time.clock,
          log: silentLog,
        },
      ),
  };
  return here;
}

it('closes the services while the interface is away and starts them when it is back, with what changed meanwhile', async () => {
  const here = rig(rack0());
  const kept = await here.keep();
  await here.time.pass(10_000);
  expect(here.told).toEqual(['start 192.0.2.1 serve']);
  here.state = undefined;
  await here.time.pass(10_000);
  expect(kept.segment()).toBeUndefined();
  kept.update({ mode: 'observe' });
  here.state = rack0({ index: 9 });
  await here.time.pass(10_000);
  expect(kept.segment()?.bootUrl).toBe('http://192.0.2.1:8081');
  await kept.close();
  expect(here.told).toEqual([
    'start 192.0.2.1 serve',
    'close',
    'the network interface rack0 is missing; the services start when it is back',
    'start 192.0.2.1 observe',
    'well',
    'close',
  ]);
});

it.each([
  ['another interface of the same name', { index: 4 }],
  ['another address', { ipv4: { address: '192.0.2.2' as Ipv4, netmask: '255.255.255.0' as Ipv4 } }],
  ['another netmask', { ipv4: { address: '192.0.2.1' as Ipv4, netmask: '255.255.0.0' as Ipv4 } }],
])('binds anew to %s', async (_title, change) => {
  const here = rig(rack0());
  const kept = await here.keep();
  here.state = rack0(change);
  await here.time.pass(3000);
  await kept.close();
  const address = here.state.ipv4?.address;
  expect(here.told).toEqual(['start 192.0.2.1 serve', 'close', `start ${address} serve`, 'close']);
});

it('waits for an interface that is not there yet only when it is to be patient', async () => {
  const here = rig(rack0({ ipv4: undefined }));
  await expect(here.keep()).rejects.toMatchObject({ code: 'no-address' });
  const kept = await here.keep(true);
  expect(here.told).toEqual([
    'the network interface rack0 has no IPv4 address; the services start when it has one',
  ]);
  here.state = rack0();
  await here.time.pass(3000);
  expect(here.told.slice(1)).toEqual(['start 192.0.2.1 serve', 'well']);
  await kept.close();
});

it('says why the services cannot start again, and tries now and then', async () => {
  const here = rig(rack0());
  const kept = await here.keep();
  here.state = undefined;
  await here.time.pass(3000);
  here.failure = new Error('port 69 is taken');
  here.state = rack0();
  await here.time.pass(3000);
  expect(here.told.at(-1)).toBe('the services cannot start on rack0 again: port 69 is taken');
  here.failure = undefined;
  await here.time.pass(60_000);
  expect(here.told.slice(-2)).toEqual(['start 192.0.2.1 serve', 'well']);
  await kept.close();
});

it('passes on settings that others changed, once', async () => {
  const here = rig(rack0());
  here.moving = { hostLeaseSeconds: 600 };
  const kept = await here.keep();
  await here.time.pass(10_000);
  here.moving = { hostLeaseSeconds: 700 };
  await here.time.pass(10_000);
  await kept.close();
  expect(here.told).toEqual(['start 192.0.2.1 serve', 'update {"hostLeaseSeconds":700}', 'close']);
});
