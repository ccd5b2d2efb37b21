import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '..');

/** Debian packages that tests and lab name as the home of a program they need. */
function needed(): ReadonlySet<string> {
  const files = ['test', 'hardware-lab', 'inspector', 'bench'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
      .map((entry) => join(entry.parentPath, entry.name)),
  );
  const named = files.flatMap((file) => [
    ...readFileSync(file, 'utf8').matchAll(/\bpackage: '([a-z0-9.+-]+)'/g),
  ]);
  return new Set(named.map(([, name = '']) => name));
}

it('every package that a test needs is one that the set-up installs', () => {
  const listed = readFileSync(join(root, 'hardware-lab/packages.txt'), 'utf8')
    .split('\n')
    .map((line) => line.split('#')[0]?.trim())
    .filter((name) => name !== '');
  const setup = readFileSync(join(root, 'scripts/setup.sh'), 'utf8');
  const always = /^wanted="([^$]*)/m.exec(setup)?.[1]?.split(' ') ?? [];
  const installed = new Set([...listed, ...always]);
  const names = [...needed()];
  expect(names.length).toBeGreaterThan(10);
  // Peers of benchmarks only; the benchmark says so when they are missing.
  const optional = new Set(['python3-pyghmi']);
  expect(names.filter((name) => !installed.has(name) && !optional.has(name))).toEqual([]);
});
