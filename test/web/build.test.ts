import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { buildWeb } from '../../scripts/build-web.ts';

const folders: string[] = [];
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true }))));

async function built(): Promise<Map<string, Buffer>> {
  const folder = await mkdtemp(join(tmpdir(), 'rackwright-web-'));
  folders.push(folder);
  await buildWeb(folder);
  const names = await readdir(folder);
  return new Map(
    await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name))] as const)),
  );
}

it('the page: the same bytes each time, small, and nothing inline that its CSP would refuse', async () => {
  const first = await built();
  expect(await built()).toEqual(first);
  const page = first.get('index.html')?.toString() ?? '';
  const used = [...page.matchAll(/(?:src|href)="(console-[^"]+)"/g)].map(([, name]) => name);
  expect(used.map((name) => first.has(name ?? ''))).toEqual([true, true]);
  expect(page).not.toMatch(/<style|style="|\son\w+="|<script(?! type="module" src=)|\{\{/);
  const script = [...first].find(([name]) => name.endsWith('.js'))?.[1];
  expect(script?.length).toBeLessThan(1_000_000);
  expect(script?.toString()).not.toMatch(/sourceMappingURL|\beval\(|new Function\(/);
});
