import * as fc from 'fast-check';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { hideSecretParts, secretPartsOf } from '../../src/api/zstack/signed-url.ts';
import { type ApiWorld, callApi, openApi } from '../support/api-world.ts';
import { cases } from '../support/cases.ts';

let world: ApiWorld;
beforeEach(async () => {
  world = await openApi();
});
afterEach(async () => {
  await world.close();
});

it('adds, queries and deletes an image', async () => {
  const params = { name: 'mirror', url: 'http://192.0.2.9/tree', kernelArguments: ['inst.text'] };
  const added = await callApi(world, 'POST', '/baremetal/images', { params });
  expect(added.statusCode).toBe(200);
  const { inventory } = added.json<{ inventory: { uuid: string } }>();
  expect(inventory).toMatchObject({ ...params, kind: 'redirect', status: 'Ready' });
  const found = await callApi(world, 'GET', '/baremetal/images?q=status=Ready');
  expect(found.json<{ inventories: { uuid: string }[] }>().inventories.map(({ uuid }) => uuid)).toEqual([
    inventory.uuid,
  ]);
  expect((await callApi(world, 'DELETE', `/baremetal/images/${inventory.uuid}`)).statusCode).toBe(200);
  expect((await callApi(world, 'GET', `/baremetal/images/${inventory.uuid}`)).json()).toEqual({
    inventories: [],
  });
});

it('refuses an image without a URL', async () => {
  const answer = await callApi(world, 'POST', '/baremetal/images', { params: { name: 'x' } });
  expect(answer.json()).toMatchObject({ error: { code: 'SYS.1007' } });
});

it('keeps what can be secret in a URL out of audit log, errors, lists and progress', async () => {
  const url = 'https://rack:Canary-pass@mirror.test/disc.iso?signature=Canary-query';
  const failing = 'https://mirror.test/other.iso?Canary-query';
  // What a careless room would say.
  world.domain.fail = new Error(`cannot fetch ${failing}`);
  const failed = await callApi(world, 'POST', '/baremetal/images', { params: { name: 'x', url: failing } });
  expect(failed.statusCode).not.toBe(200);
  world.domain.fail = undefined;
  await callApi(world, 'POST', '/baremetal/images', { params: { name: 'x', url, kind: 7 } });
  const audits = await callApi(world, 'GET', '/audits?q=api=AddBaremetalImage&sort=%2BcreateDate');
  const requests = audits
    .json<{ inventories: { request: string }[] }>()
    .inventories.map(({ request }) => JSON.parse(request) as { url: string });
  expect(requests.map((request) => request.url)).toEqual([
    'https://mirror.test/other.iso?******',
    'https://******@mirror.test/disc.iso?******',
  ]);
  const texts = [failed.body, audits.body, ...world.log.lines].join('');
  expect(texts).not.toContain('Canary');
});

it('takes a URL apart where a browser does', () => {
  const part = fc.stringMatching(/^[A-Za-z0-9.~:@%-]{0,8}$/);
  const slashes = fc.constantFrom('//', '/', '\\\\', '', '///');
  fc.assert(
    fc.property(part, slashes, part, part, (user, gap, query, hash) => {
      const text = `https:${gap}${user}canary1:canary2@mirror.test/a@b?${query}canary3#${hash}canary4`;
      fc.pre(URL.canParse(text) && new URL(text).hostname === 'mirror.test');
      const shown = hideSecretParts(text);
      expect(shown).not.toContain('canary');
      expect(shown).toContain('mirror.test/a@b');
    }),
    { numRuns: cases(2000) },
  );
  for (const plain of ['', 'file:///srv/a@b.iso', 'https://mirror.test:80/a', 'no url', '?', 'a@b'])
    expect(hideSecretParts(plain).replace('******@', 'a@')).toBe(plain === '?' ? '?******' : plain);
  expect(secretPartsOf('https://u:p@h/?q#f')).toEqual(['u:p', 'q#f']);
});
