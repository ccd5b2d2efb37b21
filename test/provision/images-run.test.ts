import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import type { Ipv4 } from '../../src/base/ipv4.ts';
import type { BootResource } from '../../src/pxe/ports.ts';
import { makeIso } from '../pxe/iso/make-iso.ts';
import { needTools } from '../support/need.ts';
import { createHarness, type Harness, lease, nic, tokenOf } from '../support/provision-harness.ts';

const folder = mkdtempSync(join(tmpdir(), 'rackwright-sources-'));
const stranger = '192.0.2.150' as Ipv4;
let harness: Harness;
afterEach(async () => {
  await harness.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A harness whose hostcfg wishes an image with this URL, booted up to its script. */
async function booted(url: string): Promise<{ script: string; token: string; imageUuid: string }> {
  harness = await createHarness();
  const imageUuid = await harness.provision.service.addImage({
    name: 'disc',
    url,
    kernelArguments: ['inst.text'],
  });
  await harness.provision.service.createHostCfg({
    chassisUuid: harness.chassisUuid,
    password: 'canary-root-secret',
    cfgItems: { nicCfgs: [{ mac: nic(1), ip: '198.51.100.50', netmask: '255.255.255.0', pxe: true }] },
  });
  harness.limits.imageUuid = imageUuid;
  await harness.begin();
  const script = await harness.boot();
  return { script, token: tokenOf(script, 'kernel'), imageUuid };
}

const get = (token: string, artefact: string, client: Ipv4 = lease): Promise<BootResource> =>
  harness.provision.content.get({ token, artefact, client });

async function textOf(resource: BootResource): Promise<string> {
  if (resource.kind !== 'bytes') return JSON.stringify(resource);
  const all = Buffer.alloc(resource.bytes.size);
  const count = await resource.bytes.read(all, 0);
  await resource.bytes.close();
  return all.toString('utf8', 0, count);
}

describe('an installation from an image', () => {
  it.skipIf(!needTools({ tool: 'xorrisofs', package: 'xorriso' }))(
    'that is an ISO boots its kernel, names its tree in the kickstart and serves it to this machine until the end',
    async () => {
      mkdirSync(folder, { recursive: true });
      const iso = join(folder, 'disc.iso');
      const tree = {
        'images/pxeboot/vmlinuz': 'K',
        'images/pxeboot/initrd.img': 'I',
        'repodata/repomd.xml': '<repomd/>',
      };
      writeFileSync(iso, makeIso(tree, '-R'));
      const { script, token, imageUuid } = await booted(pathToFileURL(iso).href);
      expect(script).toContain('inst.text');
      expect(await textOf(await get(token, 'kernel'))).toBe('K');
      expect(await textOf(await get(token, 'initrd'))).toBe('I');
      const kickstart = await get(tokenOf(script, 'ks.cfg'), 'ks.cfg');
      if (kickstart.kind !== 'text') throw new Error('no kickstart');
      expect(kickstart.body).toContain(`url --url=http://192.0.2.1:8081/boot/${token}/source`);
      kickstart.delivered?.();
      await harness.settle();
      expect(await textOf(await get(token, 'source/repodata/repomd.xml'))).toBe('<repomd/>');
      expect(await get(token, 'source/nothere')).toMatchObject({ kind: 'refused', status: 404 });
      expect(await get(token, 'source/repodata')).toMatchObject({ kind: 'refused', status: 404 });
      expect(await get(token, 'source/repodata/repomd.xml', stranger)).toMatchObject({
        kind: 'refused',
        status: 403,
      });
      await expect(harness.provision.service.deleteImage(imageUuid)).rejects.toMatchObject({
        code: 'conflict',
      });

      const report = tokenOf(kickstart.body, 'begin');
      const post = (artefact: string) =>
        harness.provision.content.post({ token: report, artefact, client: lease, body: new Uint8Array() });
      expect((await post('begin')).status).toBe(200);
      // The packages come after the begin, which ends all boots; and maybe from the address of the plan.
      expect(await textOf(await get(token, 'source/repodata/repomd.xml'))).toBe('<repomd/>');
      const planned = await get(token, 'source/repodata/repomd.xml', '198.51.100.50' as Ipv4);
      expect(await textOf(planned)).toBe('<repomd/>');
      expect((await post('end')).status).toBe(200);
      await harness.settle();
      expect(await get(token, 'source/repodata/repomd.xml')).toMatchObject({ kind: 'refused', status: 404 });
      await harness.provision.service.deleteImage(imageUuid);
    },
  );

  it('that is a directory never leaves it', async () => {
    mkdirSync(join(folder, 'tree/casper'), { recursive: true });
    for (const name of ['vmlinuz', 'initrd']) writeFileSync(join(folder, 'tree/casper', name), name);
    writeFileSync(join(folder, 'secret'), 'secret');
    symlinkSync('../secret', join(folder, 'tree/out'));
    symlinkSync('casper', join(folder, 'tree/in'));
    const { token } = await booted(pathToFileURL(join(folder, 'tree')).href);
    expect(await textOf(await get(token, 'kernel'))).toBe('vmlinuz');
    expect(await textOf(await get(token, 'source/in/initrd'))).toBe('initrd');
    for (const path of ['out', 'in/../../secret', '../secret', 'casper', 'nothere'])
      expect([path, await get(token, `source/${path}`)]).toMatchObject([
        path,
        { kind: 'refused', status: 404 },
      ]);
  });

  it('that is a mirror sends machines there', async () => {
    const { token } = await booted('http://192.0.2.200/tree/');
    expect(await get(token, 'kernel')).toEqual({
      kind: 'redirect',
      url: 'http://192.0.2.200/tree/images/pxeboot/vmlinuz',
    });
    expect(await get(token, 'source/a b/c#d')).toEqual({
      kind: 'redirect',
      url: 'http://192.0.2.200/tree/a%20b/c%23d',
    });
  });

  it('that was deleted gives no boot, and the timeline says why', async () => {
    mkdirSync(join(folder, 'tree/casper'), { recursive: true });
    for (const name of ['vmlinuz', 'initrd']) writeFileSync(join(folder, 'tree/casper', name), name);
    harness = await createHarness();
    await harness.provision.service.createHostCfg({
      chassisUuid: harness.chassisUuid,
      cfgItems: { nicCfgs: [{ mac: nic(1), pxe: true }] },
    });
    harness.limits.imageUuid = 'f'.repeat(32);
    await harness.begin();
    await expect(harness.boot()).rejects.toThrow('there is no bare-metal image');
  });
});
