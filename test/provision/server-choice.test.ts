import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Uuid } from '../../src/base/uuid.ts';
import type { ClusterRef, Placement } from '../../src/provision/ports.ts';
import { chooseServer } from '../../src/provision/server-choice.ts';
import { cases } from '../support/cases.ts';
import { pxeServer, uuid } from '../support/records.ts';

const [here, there]: readonly [ClusterRef, ClusterRef] = [
  { uuid: uuid(), name: 'row 1' },
  { uuid: uuid(), name: 'row 2' },
];
const placement = (
  cluster: ClusterRef | undefined,
  homes: readonly (readonly [Uuid, ClusterRef])[] = [],
): Placement => ({ cluster, refusal: undefined, serverClusters: new Map(homes) });
const [mine, free, theirs] = [
  pxeServer({ name: 'mine' }),
  pxeServer({ name: 'free' }),
  pxeServer({ name: 'theirs' }),
];
const homes = [
  [mine.uuid, here],
  [theirs.uuid, there],
] as const;
const all = [theirs, free, mine];
const running = (...servers: readonly { readonly uuid: Uuid }[]) => {
  const uuids = new Set(servers.map((server) => server.uuid));
  return (one: Uuid): boolean => uuids.has(one);
};

it('prefers the cluster of the chassis, then no cluster, and never takes another cluster', () => {
  const at = placement(here, homes);
  expect(chooseServer(all, running(...all), at)).toEqual({ kind: 'chosen', uuid: mine.uuid });
  expect(chooseServer(all, running(theirs, free), at)).toEqual({ kind: 'chosen', uuid: free.uuid });
  expect(chooseServer(all, running(theirs), at)).toMatchObject({ kind: 'none', code: 'pxe-server-stopped' });
});

it('gives a chassis of no cluster a server of none, else any', () => {
  const at = placement(undefined, homes);
  expect(chooseServer(all, running(...all), at)).toEqual({ kind: 'chosen', uuid: free.uuid });
  expect(chooseServer(all, running(theirs, mine), at)).toEqual({ kind: 'chosen', uuid: theirs.uuid });
  expect(chooseServer(all, running(), at)).toMatchObject({ code: 'pxe-server-stopped' });
});

it('tells which servers there are and why none fits', () => {
  expect(chooseServer([], running(), placement(here))).toMatchObject({ code: 'no-pxe-server' });
  expect(chooseServer(all, running(theirs), placement(here, homes))).toMatchObject({
    text: [
      'no PXE server is running for cluster "row 1"; start one with startBaremetalPxeServer. There are: ',
      `"theirs" on ${theirs.dhcpInterface} in cluster "row 2" (not for this chassis), `,
      `"free" on ${free.dhcpInterface} in no cluster (stopped), `,
      `"mine" on ${mine.dhcpInterface} in cluster "row 1" (stopped)`,
    ].join(''),
  });
  const only = chooseServer([theirs], running(theirs), placement(here, homes));
  expect(only).toMatchObject({ kind: 'none', code: 'no-pxe-server' });
  expect(only).toMatchObject({ text: expect.stringContaining('updateBaremetalPxeServer') as string });
});

it('keeps its text short with a hundred servers', () => {
  const many = Array.from({ length: 100 }, () => pxeServer());
  const choice = chooseServer(many, running(), placement(undefined));
  expect(choice).toMatchObject({ text: expect.stringMatching(/ and 90 more$/) as string });
});

it('chooses only what runs and may serve, and finds one whenever there is one', () => {
  const server = fc.record({ home: fc.constantFrom(undefined, here, there), up: fc.boolean() });
  fc.assert(
    fc.property(fc.array(server, { maxLength: 8 }), fc.constantFrom(undefined, here), (list, cluster) => {
      const servers = list.map((one) => ({ ...one, server: pxeServer() }));
      const at = placement(
        cluster,
        servers.flatMap((one) => (one.home === undefined ? [] : [[one.server.uuid, one.home] as const])),
      );
      const fits = servers.filter(
        (one) => one.up && (cluster === undefined || one.home === undefined || one.home === cluster),
      );
      const choice = chooseServer(
        servers.map((one) => one.server),
        running(...servers.filter((one) => one.up).map((one) => one.server)),
        at,
      );
      expect(choice.kind).toBe(fits.length > 0 ? 'chosen' : 'none');
      if (choice.kind !== 'chosen') return;
      const taken = fits.find((one) => one.server.uuid === choice.uuid);
      expect(taken).toBeDefined();
      // Nothing that fits better was passed over.
      if (taken?.home !== cluster) expect(fits.every((one) => one.home !== cluster)).toBe(true);
    }),
    { numRuns: cases(5000) },
  );
});
